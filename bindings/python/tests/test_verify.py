"""A database that COLMAP makes is verified, and COLMAP reads what was written."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from scenes import two_views

import nabla_ransac

pycolmap = pytest.importorskip("pycolmap")


def collection(path, images=8):
    """A synthetic collection whose geometries are cleared."""
    options = pycolmap.SyntheticDatasetOptions()
    options.num_rigs = 2
    options.num_cameras_per_rig = 1
    options.num_frames_per_rig = images // 2
    options.num_points3D = 300
    options.inlier_match_ratio = 0.7
    options.camera_has_prior_focal_length = True
    with pycolmap.Database.open(path) as database:
        truth = pycolmap.synthesize_dataset(options, database)
        pycolmap.synthesize_noise(pycolmap.SyntheticNoiseOptions(point2D_stddev=0.5), truth, database)
        database.clear_two_view_geometries()
    return truth


def read(path):
    with pycolmap.Database.open(path) as database:
        return dict(zip(*database.read_two_view_geometries(), strict=True))


def test_a_database(tmp_path):
    path = tmp_path / "database.db"
    truth = collection(path)
    told = []
    summary = nabla_ransac.verify(path, seed=3, progress=lambda done, total: told.append((done, total)))
    count = 8 * 7 // 2
    assert summary["verified"] == count and summary["failed"] == 0 and summary["failures"] == []
    assert summary["configurations"]["calibrated"] > 0.8 * count
    assert summary["settings"]["threshold_px"] == 4 and summary["settings"]["min_inliers"] == 15
    assert told[-1] == (count, count)
    found = read(path)
    errors = []
    for pair_id, geometry in found.items():
        image1, image2 = (truth.image(image) for image in pycolmap.pair_id_to_image_pair(pair_id))
        if geometry.config == pycolmap.TwoViewGeometryConfiguration.CALIBRATED:
            true = image2.cam_from_world() * image1.cam_from_world().inverse()
            turned = geometry.cam2_from_cam1.rotation.inverse() * true.rotation
            errors.append(np.degrees(turned.angle()))
    assert np.median(errors) < 0.5

    assert nabla_ransac.verify(path)["kept"] == count
    assert nabla_ransac.verify(path, overwrite=True, seed=3, backend="cpu")["verified"] == count
    again = read(path)
    for pair_id, geometry in found.items():
        np.testing.assert_array_equal(geometry.inlier_matches, again[pair_id].inlier_matches)


def test_a_caller_who_has_seen_enough(tmp_path):
    path = tmp_path / "database.db"
    collection(path)

    def stop(done, total):
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        nabla_ransac.verify(path, progress=stop)
    # the batch before is written
    assert len(read(path)) > 0


def test_an_interrupt_ends_it_after_the_batch(tmp_path):
    path = tmp_path / "database.db"
    collection(path)
    code = f"""
import os, signal, nabla_ransac
def interrupt(done, total):
    os.kill(os.getpid(), signal.SIGINT)
try:
    nabla_ransac.verify({str(path)!r}, progress=interrupt)
except KeyboardInterrupt:
    print("interrupted")
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert ended.stdout == "interrupted\n"
    assert nabla_ransac.verify(path)["kept"] > 0


def test_a_wrong_row_is_told(tmp_path):
    import sqlite3

    path = tmp_path / "database.db"
    collection(path, images=4)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE matches SET data = x'00' WHERE rowid = (SELECT min(rowid) FROM matches)")
    connection.close()
    summary = nabla_ransac.verify(path)
    assert summary["failed"] == 1 and summary["verified"] == 5
    assert len(summary["failures"]) == 1 and "matches" in summary["failures"][0]


def test_hloc(tmp_path):
    h5py = pytest.importorskip("h5py")
    scene = two_views(noise=0.2)
    names = ["sets/a.jpg", "sets/b.jpg", "sets/c.jpg"]
    features, matches, pairs = tmp_path / "features.h5", tmp_path / "matches.h5", tmp_path / "pairs.txt"
    with h5py.File(features, "w", libver="latest") as file:
        for name, points in zip(names, (scene.points1, scene.points2, scene.points2), strict=True):
            group = file.create_group(name)
            group.create_dataset("keypoints", data=points.astype(np.float16 if name == names[2] else np.float32))
            group.create_dataset("image_size", data=np.array([640, 480]))
    with h5py.File(matches, "w", libver="latest") as file:
        group = file.create_group(names[0].replace("/", "-")).create_group(names[1].replace("/", "-"))
        group.create_dataset("matches0", data=np.arange(300, dtype=np.int16))
        group.create_dataset("matching_scores0", data=np.ones(300, dtype=np.float16))
    pairs.write_text(f"{names[0]} {names[1]}\n{names[0]} {names[2]}\n")
    path = tmp_path / "database.db"
    summary = nabla_ransac.verify(path, hloc=(features, matches, pairs))
    assert summary["verified"] == 1
    assert len(summary["failures"]) == 1 and "c.jpg" in summary["failures"][0]
    (geometry,) = read(path).values()
    assert np.mean(scene.right[geometry.inlier_matches[:, 0]]) > 0.9 and len(geometry.inlier_matches) > 180


def test_a_killed_process_leaves_a_database_to_go_on_with(tmp_path):
    path = tmp_path / "database.db"
    collection(path, images=16)
    code = f"""
import nabla_ransac
print("ready", flush=True)
nabla_ransac.verify({str(path)!r}, backend="cpu", min_iterations=5000)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        time.sleep(0.1)
        os.kill(process.pid, signal.SIGKILL)
    summary = nabla_ransac.verify(path)
    assert summary["verified"] + summary["kept"] == 16 * 15 // 2 == len(read(path))
