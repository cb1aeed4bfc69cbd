"""Verifies copies of a database by nabla-ransac, by COLMAP or by the truth, and maps what they found."""

import json
import shlex
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pycolmap

from camera_poses import errors, poses_of_reconstruction

MIN_INLIERS = 15


def copied(database, folder):
    """A copy of a closed database, without its write-ahead log, which the checkpoint has emptied."""
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return Path(shutil.copy(database, folder))


def verify_nabla(program, database, seed=0, threads=1, arguments=""):
    """Its JSON summary."""
    command = [program, "verify", database, "--seed", seed, "--threads", threads, "--json", *shlex.split(arguments)]
    command = [str(word) for word in command]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{shlex.join(command)} failed with status {done.returncode}:\n{done.stderr.strip()}")
    return json.loads(done.stdout)


def verify_colmap(database, seed=0, threads=1, **ransac):
    options = pycolmap.TwoViewGeometryOptions()
    options.ransac.mergedict({"random_seed": seed, **ransac})
    verifier = pycolmap.GeometricVerifierOptions(num_threads=threads)
    pycolmap.geometric_verification(database, verifier, two_view_geometry_options=options)


def write_truth(scene, database):
    """The true matches and essential matrices as two-view geometries, which no verification can better."""
    with pycolmap.Database.open(database) as opened:
        for pair, matches in scene.true_matches.items():
            geometry = pycolmap.TwoViewGeometry()
            if len(matches) >= MIN_INLIERS:
                geometry.config = pycolmap.TwoViewGeometryConfiguration.CALIBRATED.value
                geometry.E, geometry.inlier_matches = scene.true_essential[pair], matches.astype(np.uint32)
            opened.write_two_view_geometry(*pair, geometry)


def map_images(mapper, database, truth, seed):
    """The figures of the largest model that one of COLMAP's mappers makes."""
    options = (pycolmap.IncrementalPipelineOptions if mapper == "incremental" else pycolmap.GlobalPipelineOptions)()
    options.random_seed, options.num_threads = seed, 1
    if mapper == "incremental":
        options.extract_colors = False
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        run = getattr(pycolmap, f"{mapper}_mapping")
        models = run(database, folder, folder, options).values()
    largest = max(models, key=lambda model: model.num_reg_images(), default=None)
    found = {} if largest is None else dict(poses_of_reconstruction(largest))
    return errors(found, truth) | {"seconds": time.perf_counter() - start}


def against_truth(scene, database):
    """Pairs with a geometry, and how many of those and of their inliers are right, by the true matches."""
    with pycolmap.Database.open(database) as opened:
        found = {pair: opened.read_two_view_geometry(*pair).inlier_matches for pair in scene.true_matches}
    true_pairs = [pair for pair, matches in scene.true_matches.items() if len(matches) >= MIN_INLIERS]
    kept = [pair for pair in true_pairs if len(found[pair])]
    right = sum(len(set(map(tuple, found[pair])) & set(map(tuple, scene.true_matches[pair]))) for pair in kept)
    return {
        "pairs_found": len(kept) / max(1, len(true_pairs)),
        "pairs_wrong": sum(len(inliers) > 0 for pair, inliers in found.items() if len(scene.true_matches[pair]) == 0),
        "precision": right / max(1, sum(len(found[pair]) for pair in kept)),
        "recall": right / max(1, sum(len(scene.true_matches[pair]) for pair in kept)),
    }


def count_geometries(database):
    connection = sqlite3.connect(database)
    rows = connection.execute("SELECT config, count(*) FROM two_view_geometries WHERE rows > 0 GROUP BY config")
    counts = dict(rows.fetchall())
    connection.close()
    return counts
