"""Writes fixtures.zip beside itself, as hloc writes its files: `python make_fixtures.py` (needs h5py and NumPy).

What is in them follows from the numbers of the images alone, so that tests/hloc.rs can say it again.
"""

import io
import pathlib
import zipfile

import h5py
import numpy as np

IMAGES = 120  # links by name are stored densely from nine on; these fill a tree of them
FEW = 12  # for files that are broken in many ways
POINTS = 6


def name(image):
    return f"db/day-{image % 2}/{image:04}.jpg" if image < 100 else f"query-{image}.jpg"


def key_points(image):
    point = np.arange(POINTS)
    return np.stack([image + 2 * point + 0.25, 3 * image + point + 0.5], axis=1)


def features(libver, images=IMAGES):
    file = io.BytesIO()
    with h5py.File(file, "w", libver=libver) as h5:
        for image in range(images):
            group = h5.create_group(name(image))
            dtype = [np.float16, np.float32, np.float64][image % 3]
            points = group.create_dataset("keypoints", data=key_points(image).astype(dtype))
            points.attrs["uncertainty"] = 1.0
            group.create_dataset("image_size", data=np.array([640, 480]))
            if image % 10 == 3:
                group.create_dataset("scales", data=np.arange(1, POINTS + 1, dtype=np.float32))
                group.create_dataset("oris", data=np.full(POINTS, 90, dtype=np.float32))
    return file.getvalue()


def matches_of(pair):
    """Point j goes to j + pair, around; each third to none."""
    point = np.arange(POINTS)
    return np.where(point % 3 == 2, -1, (point + pair) % POINTS)


def pairs(images=IMAGES):
    chain = [(image, image + 1) for image in range(images - 1)]
    star = [(0, image) for image in range(2, images)]
    return chain + star


def matches(libver, images=IMAGES):
    file = io.BytesIO()
    with h5py.File(file, "w", libver=libver) as h5:
        for pair, (first, second) in enumerate(pairs(images)):
            if pair % 4 == 1:  # the other way round than in the list of pairs
                first, second = second, first
            separator = "_" if pair % 5 == 1 else "/"
            group = h5.create_group(separator.join(name(i).replace("/", "-") for i in (first, second)))
            dtype = [np.int16, np.int32, np.int64][pair % 3]
            group.create_dataset("matches0", data=matches_of(pair).astype(dtype))
            if pair % 3 == 0:
                group.create_dataset("matching_scores0", data=np.full(POINTS, 0.5, dtype=np.float16))
    return file.getvalue()


def large(points):
    """Two images of many key points, the last of one being the last of the other, in int16 as hloc writes it."""
    files = io.BytesIO(), io.BytesIO()
    with h5py.File(files[0], "w", libver="latest") as h5:
        for image in ("a.jpg", "b.jpg"):
            h5.create_group(image).create_dataset("keypoints", data=np.zeros((points, 2), dtype=np.float16))
            h5[image].create_dataset("image_size", data=np.array([640, 480]))
    with h5py.File(files[1], "w", libver="latest") as h5:
        matches0 = np.full(points, -1)
        matches0[-1] = points - 1
        h5.create_group("a.jpg/b.jpg").create_dataset("matches0", data=matches0.astype(np.int16))
    return [file.getvalue() for file in files]


def compressed():
    """Chunks and filters, which hloc does not use but who repacks its files does; numbers with the high byte first.

    The chunks of HDF5 2.0, which "latest" means there, cannot be read yet; h5py itself writes those of 1.8 by default.
    """
    files = io.BytesIO(), io.BytesIO()
    filters = {"chunks": True, "compression": "gzip", "shuffle": True}
    points = np.arange(400).reshape(200, 2)
    with h5py.File(files[0], "w", libver=("earliest", "v114")) as h5:
        for image in ("a.jpg", "b.jpg"):
            h5.create_group(image).create_dataset("keypoints", data=points.astype(">f4"), **filters)
            h5[image].create_dataset("image_size", data=np.array([640, 480]))
    with h5py.File(files[1], "w", libver=("earliest", "v114")) as h5:
        matches0 = np.arange(200)[::-1].astype(">i2")
        h5.create_group("a.jpg/b.jpg").create_dataset("matches0", data=matches0, **filters)
    return [file.getvalue() for file in files]


def nested():
    """A type within a type, five thousand times."""
    file = io.BytesIO()
    with h5py.File(file, "w", libver="latest") as h5:
        datatype = h5py.h5t.NATIVE_INT32
        for _ in range(5000):
            datatype = h5py.h5t.array_create(datatype, (1,))
        group = h5.create_group("a.jpg")
        h5py.h5d.create(group.id, b"keypoints", datatype, h5py.h5s.create_simple((1,)))
    return file.getvalue()


def listed(images=IMAGES):
    lines = ["# name of the first image, name of the second", ""]
    return "\n".join(lines + [f"{name(first)} {name(second)}" for first, second in pairs(images)]).encode()


def main():
    contents = {
        "features.h5": features("latest"),
        "matches.h5": matches("latest"),
        "features-earliest.h5": features("earliest"),
        "matches-earliest.h5": matches("earliest"),
        "nested.h5": nested(),
        "pairs.txt": listed(),
        "few-pairs.txt": listed(FEW),
    }
    for libver in ("latest", "earliest"):
        contents[f"few-features-{libver}.h5"] = features(libver, FEW)
        contents[f"few-matches-{libver}.h5"] = matches(libver, FEW)
    contents["features-compressed.h5"], contents["matches-compressed.h5"] = compressed()
    for points in (32768, 32769, 65537):
        contents[f"features-{points}.h5"], contents[f"matches-{points}.h5"] = large(points)
    with zipfile.ZipFile(pathlib.Path(__file__).with_name("fixtures.zip"), "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for entry, data in contents.items():
            archive.writestr(zipfile.ZipInfo(entry), data, zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    main()
