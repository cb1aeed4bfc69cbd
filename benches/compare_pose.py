"""Accuracy and time of nabla-ransac's absolute poses beside PoseLib, OpenCV and pycolmap.

All estimators get the same matches and the same threshold in the same run, one thread each, and take turns scene by scene.
docs/comparison.md has the metrics and how to read the table.

    pip install -r benches/requirements-peers.txt
    python benches/compare_pose.py --nabla target/release/nabla-ransac QUERIES.safetensors ...
"""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # read when the libraries below are loaded

import argparse
import csv
import json
import platform
import re
import shlex
import subprocess
import sys
import tempfile
import time
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np

from pose_peers import pose_peers
from pose_queries import pose_errors, read_scene

ROTATION, POSITION, PERCENT, MS, HYPOTHESES = range(5)
METRIC = ((0.1, 5), (0.05, 5), (0.02, 2))  # metres, degrees
RELATIVE = ((0.2, 5), (0.1, 5), (0.05, 2))  # percent of the distance between the farthest cameras, degrees
FARTHEST = np.array([180.0, 100.0])  # degrees and percent that a failure counts as in means


def run_peer(estimate, _path, scene, seed):
    rows = []
    for query in scene.queries:
        start = time.perf_counter()
        found = estimate(query, seed)
        ms = 1e3 * (time.perf_counter() - start)
        rotation, position = pose_errors(found, query)
        rows.append((rotation, position, 100 * position / scene.extent, ms, np.nan))
    return np.array(rows)


def nabla_runs(args):
    """nabla-ransac as it is, by each sampler, and at the budgets that stand opposite the peers'."""
    options = {"": "", " uniform": "--sampler uniform"}
    options |= {
        f" {budget} {sampler}": f"--iterations {budget} --sampler {sampler}"
        for budget in (20, 100, 1000)
        for sampler in ("ratio", "uniform")
    }
    return {f"nabla-ransac{name}": partial(run_nabla, args, shlex.split(given)) for name, given in options.items()}


def run_nabla(args, options, path, scene, seed):
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "queries.csv"
        command = [args.nabla, "eval", path, "--model", "pose", "--threads", "1", "--backend", "cpu", "--seed", str(seed)]
        command += ["--threshold-px", str(args.threshold_px), *(["--snn", str(args.snn)] if args.snn else [])]
        command += [*options, *shlex.split(args.nabla_args), "--json", "--per-pair", table]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{shlex.join(map(str, command))} failed with status {done.returncode}:\n{done.stderr.strip()}")
        with open(table, newline="") as file:
            rows = list(csv.DictReader(file))
    names = [query.name for query in scene.queries]
    if [row["pair"] for row in rows] != names:
        sys.exit(f"nabla-ransac eval wrote {len(rows)} queries, not the {len(names)} of the scene in order")
    columns = ("rotation_error_deg", "position_error", "position_percent", "ms", "iterations")
    return np.array([[float(row[column] or "inf") for column in columns] for row in rows])


def run_all(runs, scenes, repeats):
    """What each run measured, (repeats, queries, 5); the runs take turns on each scene."""
    rows = {name: [[] for _ in range(repeats)] for name in runs}
    for repeat in range(repeats):
        for path, scene in scenes.items():
            for name, run in runs.items():
                print(f"repeat {repeat + 1}/{repeats}  {Path(path).stem}  {name}", file=sys.stderr)
                rows[name][repeat].append(run(path, scene, seed=repeat))
    return {name: np.array([np.concatenate(scene_rows) for scene_rows in repeats_]) for name, repeats_ in rows.items()}


# ---------------------------------------------------------------- summary


def log_errors(rows):
    """Logarithms of rotation and position errors per query, the mean over the repeats."""
    return np.log(np.clip(rows[..., [ROTATION, PERCENT]], 1e-6, FARTHEST)).mean(axis=0)


def error_ratios(rows, reference, samples=1000):
    """Geometric means over the queries of the errors as multiples of the reference's, with 95 % bootstrap intervals."""
    difference = log_errors(rows) - log_errors(reference)
    draws = np.random.default_rng(0).integers(len(difference), size=(samples, len(difference)))
    low, high = np.percentile(difference[draws].mean(axis=1), [2.5, 97.5], axis=0)
    return np.exp([difference.mean(axis=0), low, high]).T


def undisturbed_ms(rows):
    """The best of each query's repeats: what a busy machine interrupts least."""
    return rows[..., MS].min(axis=0)


def shares(rows, column, limits):
    return [float(100 * np.mean((rows[..., column] < limit) & (rows[..., ROTATION] < degrees))) for limit, degrees in limits]


def summarise(rows, reference, metric):
    ms, [rotation_ratio, position_ratio] = undisturbed_ms(rows), error_ratios(rows, reference)
    return {
        "median_rotation_deg": float(np.median(rows[..., ROTATION])),
        "median_position": float(np.median(rows[..., POSITION])),
        "median_position_percent": float(np.median(rows[..., PERCENT])),
        "shares_metric": shares(rows, POSITION, METRIC) if metric else None,
        "shares_relative": shares(rows, PERCENT, RELATIVE),
        "rotation_ratio": rotation_ratio.tolist(),
        "position_ratio": position_ratio.tolist(),
        "ms_median": float(np.median(ms)),
        "ms_95": float(np.percentile(ms, 95)),
        "ms_most": float(ms.max()),
        "hypotheses_median": float(np.median(rows[..., HYPOTHESES])),
        "hypotheses_95": float(np.percentile(rows[..., HYPOTHESES], 95)),
        "time_ratio": float(np.median(ms) / np.median(undisturbed_ms(reference))),
        "failures": int(np.isinf(rows[..., ROTATION]).sum()),
    }


def cells(summary):
    below = summary["shares_metric"] or summary["shares_relative"]
    ratio = "{0:.2f} [{1:.2f}, {2:.2f}]".format(*summary["position_ratio"])
    drawn = [summary["hypotheses_median"], summary["hypotheses_95"]]
    return [
        f"{summary['median_rotation_deg']:.4f}",
        f"{summary['median_position']:.4f}",
        f"{summary['median_position_percent']:.4f}",
        " / ".join(f"{share:.1f}" for share in below),
        ratio,
        "" if np.isnan(drawn[0]) else " / ".join(f"{count:.0f}" for count in drawn),
        " / ".join(f"{summary[f'ms_{name}']:.2f}" for name in ("median", "95", "most")),
        f"{summary['time_ratio']:.2f}",
    ]


def markdown(summaries, reference, unit, metric):
    limits = "10 cm 5° / 5 cm 5° / 2 cm 2°" if metric else ".2 % 5° / .1 % 5° / .05 % 2°"
    header = ["estimator", "rotation °", f"position, {unit}", "% of the scene", limits, "position error ratio"]
    right = ["hypotheses, median / 95 %", "ms, median / 95 % / most", f"time / {reference}"]
    lines = [header + right, ["---"] * len(header) + ["---:"] * len(right)]
    lines += [[name, *cells(summary)] for name, summary in summaries.items()]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


# ---------------------------------------------------------------- command line


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenes", nargs="+", metavar="QUERIES.safetensors")
    parser.add_argument("--threshold-px", type=float, default=3.0, help="that of every estimator")
    parser.add_argument("--snn", type=float, help="keep matches with a smaller SNN ratio; all if not given")
    parser.add_argument("--nabla", metavar="PROGRAM", help="the nabla-ransac program; without it, the peers alone")
    parser.add_argument("--nabla-args", default="", metavar="'ARGS'", help="further options of nabla-ransac eval")
    parser.add_argument("--repeats", type=int, default=5, help="runs of each estimator, each with its own seed")
    parser.add_argument("--reference", default="PoseLib 1000", help="the estimator that the others are compared with")
    parser.add_argument("--only", default="", metavar="REGEX", help="run the estimators whose names match, and the reference")
    parser.add_argument("--json", metavar="FILE", help="write the figures, with the machine and versions, as JSON")
    args = parser.parse_args()
    if args.nabla and not os.access(args.nabla, os.X_OK):
        parser.error(f"no program at {args.nabla}: build it with `cargo build --release`, or leave --nabla out")
    return args


def chosen_runs(args):
    runs = nabla_runs(args) if args.nabla else {}
    runs |= {name: partial(run_peer, estimate) for name, estimate in pose_peers(args.threshold_px).items()}
    if args.reference not in runs:
        sys.exit(f"no estimator is called {args.reference!r}; there are: {', '.join(runs)}")
    return {name: run for name, run in runs.items() if name == args.reference or re.search(args.only, name)}


def settings(args, scenes):
    packages = ("poselib", "opencv-python-headless", "pycolmap")
    asked = {name: getattr(args, name) for name in ("threshold_px", "snn", "repeats", "reference", "nabla_args")}
    return asked | {
        "scenes": {Path(path).stem: len(scene.queries) for path, scene in scenes.items()},
        "machine": platform.platform(),
        "versions": {package: version(package) for package in packages},
    }


def main():
    args = parse_arguments()
    scenes = {path: read_scene(path, args.snn) for path in args.scenes}
    units = {scene.unit for scene in scenes.values()}
    unit = units.pop() if len(units) == 1 else "units of each scene"
    rows = run_all(chosen_runs(args), scenes, args.repeats)
    summaries = {name: summarise(each, rows[args.reference], unit == "metres") for name, each in rows.items()}
    print(markdown(summaries, args.reference, unit, unit == "metres"))
    if args.json:
        text = json.dumps({"settings": settings(args, scenes), "estimators": summaries}, indent=2)
        Path(args.json).write_text(re.sub(r"\b(NaN|Infinity)\b", "null", text) + "\n")


if __name__ == "__main__":
    main()
