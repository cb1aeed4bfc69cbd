"""python convert_pickles.py FOLDER scene.safetensors: all pickled pairs of a folder, as NG-RANSAC and ∇-RANSAC have them, in one scene.

Opening a pickle runs code of its author's choice: only for files you trust.
"""

import json
import sys
from pathlib import Path

import numpy as np

FIELDS = "points1 points2 ratio size1 size2 K1 K2 R t scale1 angle1 scale2 angle2".split()
TYPES = {np.dtype(np.float32): "F32", np.dtype(np.float64): "F64", np.dtype(np.int32): "I32"}


def pair(path):
    """The arrays of one file by their names in a scene; the last four may be missing."""
    values = dict(zip(FIELDS, np.load(path, allow_pickle=True)))
    lists = {name: np.asarray(values[name], np.float32).reshape(-1)
             for name in ("ratio", "scale1", "angle1", "scale2", "angle2") if name in values}
    points = {name: np.asarray(values[name], np.float32).reshape(-1, 2) for name in ("points1", "points2")}
    matrices = {name: np.asarray(values[name], np.float64).reshape(3, 3) for name in ("K1", "K2", "R")}
    sizes = {name: np.asarray(values[name], np.int32).reshape(-1)[:2] for name in ("size1", "size2")}
    return points | lists | matrices | sizes | {"t": np.asarray(values["t"], np.float64).reshape(3)}


def write(path, tensors):
    """A safetensors file: the length of the header, the header, the arrays."""
    header, start = {}, 0
    for name, array in tensors.items():
        end = start + array.nbytes
        header[name] = {"dtype": TYPES[array.dtype], "shape": array.shape, "data_offsets": [start, end]}
        start = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for array in tensors.values():
            file.write(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes())


if __name__ == "__main__":
    folder, scene = sys.argv[1:]
    write(scene, {f"{path.stem}/{name}": array
                  for path in sorted(Path(folder).glob("*.npy")) for name, array in pair(path).items()})
