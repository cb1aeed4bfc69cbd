"""Reconstructions from pairs that nabla-ransac verified beside those that COLMAP's own geometric verification did.

Each verifies copies of the same databases, which have matches and no two-view geometries; then both of COLMAP's mappers run on
each copy, and their poses are compared with the truth. docs/collections.md says what the columns are.

    pip install -r benches/requirements-peers.txt
    cargo build --release
    python benches/compare_colmap.py --nabla target/release/nabla-ransac --synthetic
    python benches/compare_colmap.py --nabla target/release/nabla-ransac --photographs FOLDER ...

A folder of photographs has a scene.json: `images` (name → `K`) and `pairs` (`image1`, `image2`, `R`, `t`: x2 ~ R x1 + t).
"""

import argparse
import json
import platform
import re
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pycolmap

import colmap_runs as runs
from colmap_scenes import PHOTOGRAPHS, SYNTHETIC, photographs, synthetic

MAPPERS = ("incremental", "global")


def scenes(args, folder):
    """Each scene with the seed of its runs; a synthetic one is another for each seed."""
    chosen = lambda options: re.search(args.only, options.name)
    for options in filter(chosen, SYNTHETIC if args.synthetic else []):
        for seed in range(1, args.seeds + 1):
            yield synthetic(options, seed, folder), seed
    for source in args.photographs:
        for options in filter(chosen, PHOTOGRAPHS):
            scene = photographs(options, source, folder)
            for seed in range(1, args.seeds + 1):
                yield scene, seed


def verifications(args, scene):
    """Name → what verifies a database."""
    found = {}
    if args.nabla:
        found["nabla-ransac"] = lambda database, seed: runs.verify_nabla(
            args.nabla, database, seed, args.threads, args.nabla_args
        )
    found["COLMAP"] = lambda database, seed: runs.verify_colmap(database, seed, args.threads)
    if scene.true_matches:
        found["truth"] = lambda database, _: runs.write_truth(scene, database)
    return found


def run(args, scene, seed):
    for name, verify in verifications(args, scene).items():
        with tempfile.TemporaryDirectory() as folder:
            database = runs.copied(scene.database, folder)
            start = time.perf_counter()
            verify(database, seed)
            row = {"scene": scene.name, "seed": seed, "verification": name, "truth_images": len(scene.truth)}
            row["seconds"] = time.perf_counter() - start
            row["configurations"] = runs.count_geometries(database)
            if scene.true_matches:
                row |= runs.against_truth(scene, database)
            for mapper in MAPPERS:
                row[mapper] = runs.map_images(mapper, database, scene.truth, seed)
        registered = ", ".join(f"{mapper} {row[mapper]['images']} / {row[mapper]['right']}" for mapper in MAPPERS)
        print(f"{scene.name}  seed {seed}  {name}: {registered} of {len(scene.truth)}", file=sys.stderr)
        yield row


# ---------------------------------------------------------------- summary


def markdown(rows):
    header = ["scene", "verification", "geometries", "true pairs % / false", "inliers: precision / recall %", "s"]
    header += [f"{mapper}: images / right of, AUC@1/5" for mapper in MAPPERS]
    lines = [header, ["---"] * len(header)]
    for scene, name in dict.fromkeys((row["scene"], row["verification"]) for row in rows):
        lines.append(cells([row for row in rows if (row["scene"], row["verification"]) == (scene, name)]))
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def cells(rows):
    """One line: the mean over the seeds."""
    mean = lambda *keys: np.mean([value_at(row, keys) for row in rows])
    geometries = np.mean([sum(row["configurations"].values()) for row in rows])
    line = [rows[0]["scene"], rows[0]["verification"], f"{geometries:.1f}"]
    if "precision" in rows[0]:
        line.append(f"{100 * mean('pairs_found'):.1f} / {mean('pairs_wrong'):.1f}")
        line.append(f"{100 * mean('precision'):.1f} / {100 * mean('recall'):.1f}")
    else:
        line += ["", ""]
    line.append(f"{mean('seconds'):.2f}")
    for mapper in MAPPERS:
        counts = f"{mean(mapper, 'images'):.1f} / {mean(mapper, 'right'):.1f} of {rows[0]['truth_images']}"
        line.append(f"{counts}, {mean(mapper, 'auc_1'):.3f}/{mean(mapper, 'auc_5'):.3f}")
    return line


def value_at(row, keys):
    for key in keys:
        row = row[key]
    return row


# ---------------------------------------------------------------- command line


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nabla", metavar="PROGRAM", help="the nabla-ransac program; without it, COLMAP alone")
    parser.add_argument("--nabla-args", default="", metavar="'ARGS'", help="further options of nabla-ransac verify")
    parser.add_argument("--synthetic", action="store_true", help="synthetic scenes")
    parser.add_argument("--photographs", nargs="*", default=[], metavar="FOLDER", help="scenes of photographs")
    parser.add_argument("--only", default="", metavar="REGEX", help="variants whose names match")
    parser.add_argument("--seeds", type=int, default=3, help="runs of each scene")
    parser.add_argument("--threads", type=int, default=1, help="of the verification")
    parser.add_argument("--json", metavar="FILE", help="write every run, with the machine and versions, as JSON")
    return parser.parse_args()


def main():
    args = parse_arguments()
    pycolmap.logging.minloglevel = pycolmap.logging.Level.FATAL.value
    with tempfile.TemporaryDirectory() as folder:
        rows = [row for scene, seed in scenes(args, folder) for row in run(args, scene, seed)]
    print(markdown(rows))
    if args.json:
        report = {"machine": platform.platform(), "pycolmap": version("pycolmap"), "runs": rows}
        Path(args.json).write_text(json.dumps(report, indent=1, default=float) + "\n")


if __name__ == "__main__":
    main()
