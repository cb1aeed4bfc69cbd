"""Accuracy and time of nabla-ransac beside PoseLib, OpenCV, pymagsac and pycolmap.

All estimators get the same matches in the same run, one thread each, and take turns scene by scene, so
that a load on the machine falls on all of them. docs/comparison.md has the metrics and how to read the table.

    pip install -r benches/requirements-peers.txt
    python benches/compare_peers.py --model essential --nabla target/release/nabla-ransac SCENE.safetensors ...
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

from peers import peers, pose_of_essential
from two_view import INLIER_PX, auc, fundamental_scores, mean_distances_px, pose_error_deg, read_scene

AUC_LIMITS_DEG = (5, 10, 20)
FAILURE_DEG = 180.0
FIGURES = (*(f"auc_{limit}" for limit in AUC_LIMITS_DEG), "f1_percent")


# A run takes a scene's path, pairs and a seed; it gives per pair: error (degrees), F1 (%), median epipolar error (px), ms, and
# how many hypotheses were drawn, where that is known.


def scores(model, estimate, pair):
    if estimate is None:
        return FAILURE_DEG, 0.0, np.inf
    if model == "essential":
        return pose_error_deg(*estimate, pair), np.nan, np.nan  # F1 and epipolar error are those of F
    pose = pose_of_essential(pair.K2.T @ estimate @ pair.K1, pair, mean_distances_px(estimate, pair) < INLIER_PX)
    return pose_error_deg(*pose, pair), *fundamental_scores(estimate, pair)


def run_peer(model, estimate, _path, pairs, seed):
    rows = []
    for pair in pairs:
        start = time.perf_counter()
        found = estimate(pair, seed) if len(pair.points1) >= 8 else None
        ms = 1e3 * (time.perf_counter() - start)
        rows.append((*scores(model, found, pair), ms, np.nan))
    return np.array(rows)


def nabla_runs(args):
    """nabla-ransac as it is, by each sampler, and at the budgets that stand opposite the peers'."""
    options = {"": ""} | {f" {sampler}": f"--sampler {sampler}" for sampler in ("ratio", "uniform")}
    options |= {
        f" {budget} {sampler}": f"--iterations {budget} --sampler {sampler}"
        for budget in (20, 100, 1000)
        for sampler in ("learned", "ratio", "uniform")
    }
    return {f"nabla-ransac{name}": partial(run_nabla, args, shlex.split(given)) for name, given in options.items()}


def run_nabla(args, options, path, pairs, seed):
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "pairs.csv"
        command = [args.nabla, "eval", path, "--model", args.model, "--threads", "1"]
        command += ["--snn", str(args.snn)] if args.snn else []
        command += ["--backend", "cpu", "--seed", str(seed), *options, *shlex.split(args.nabla_args)]
        done = subprocess.run([*command, "--json", "--per-pair", table], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{shlex.join(command)} failed with status {done.returncode}:\n{done.stderr.strip()}")
        return read_nabla_rows(table, [pair.name for pair in pairs])


def read_nabla_rows(table, names):
    with open(table, newline="") as file:
        rows = list(csv.DictReader(file))
    if [row["pair"] for row in rows] != names:
        sys.exit(f"nabla-ransac eval wrote {len(rows)} pairs in {table}, not the {len(names)} of the scene in order")
    return np.array([nabla_row(row) for row in rows])


def nabla_row(row):
    columns = ("pose_error_deg", "f1_percent", "median_epipolar_px", "ms", "iterations")
    *accuracy, ms, iterations = (float(row[column] or "inf") for column in columns)
    return (*(accuracy if row["found"] == "true" else (FAILURE_DEG, 0.0, np.inf)), ms, iterations)


def run_all(runs, scenes, repeats):
    """What each run measured, (repeats, pairs, 5); the runs take turns on each scene."""
    rows = {name: [[] for _ in range(repeats)] for name in runs}
    for repeat in range(repeats):
        for path, pairs in scenes.items():
            for name, run in runs.items():
                print(f"repeat {repeat + 1}/{repeats}  {Path(path).stem}  {name}", file=sys.stderr)
                rows[name][repeat].append(run(path, pairs, seed=repeat))
    return {name: np.array([np.concatenate(scene_rows) for scene_rows in repeats_]) for name, repeats_ in rows.items()}


# ---------------------------------------------------------------- summary


def figures(rows):
    """AUC@5, @10, @20 and mean F1 of rows (repeats, pairs, fields), repeats pooled."""
    errors = rows[..., 0].ravel()
    return np.array([*(auc(errors, limit) for limit in AUC_LIMITS_DEG), rows[..., 1].mean()])


def bootstrap_95(rows, reference, samples=1000):
    """95 % interval of the difference of the figures, over pairs drawn with replacement."""
    rng = np.random.default_rng(0)
    draws = rng.integers(rows.shape[1], size=(samples, rows.shape[1]))
    differences = [figures(rows[:, draw]) - figures(reference[:, draw]) for draw in draws]
    return np.percentile(differences, [2.5, 97.5], axis=0)


def undisturbed_ms(rows):
    """Median over the pairs of the best of the repeats: what a busy machine interrupts least."""
    return np.median(rows[..., 3].min(axis=0))


def summarise(rows, reference):
    value, difference = figures(rows), figures(rows) - figures(reference)
    low, high = bootstrap_95(rows, reference)
    return {
        "value": dict(zip(FIGURES, value.tolist())),
        "difference": dict(zip(FIGURES, np.array([difference, low, high]).T.tolist())),
        "median_epipolar_px": float(np.median(rows[..., 2])),
        "ms_median": float(np.median(rows[..., 3])),
        "ms_95": float(np.percentile(rows[..., 3].min(axis=0), 95)),
        "ms_most": float(rows[..., 3].min(axis=0).max()),
        "hypotheses_median": float(np.median(rows[..., 4])),
        "hypotheses_95": float(np.percentile(rows[..., 4], 95)),
        "time_ratio": float(undisturbed_ms(rows) / undisturbed_ms(reference)),
        "failures": int((rows[..., 0] >= FAILURE_DEG).sum()),
    }


def interval(summary, name, digits):
    return "{0:+.{d}f} [{1:+.{d}f}, {2:+.{d}f}]".format(*summary["difference"][name], d=digits)


def markdown(model, summaries, reference):
    """One row an estimator; differences to the reference with their 95 % intervals."""
    if model == "essential":
        header = ["estimator", "AUC@5/10/20", *(f"Δ AUC@{limit}" for limit in AUC_LIMITS_DEG)]
    else:
        header = ["estimator", "F1 %", "median epipolar px", "Δ F1", "AUC@5/10/20"]
    right = ["hypotheses, median / 95 %", "ms, median / 95 % / most", f"time / {reference}"]
    lines = [header + right, ["---"] * len(header) + ["---:"] * len(right)]
    lines += [[name, *cells(model, summary)] for name, summary in summaries.items()]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def cells(model, summary):
    aucs = "/".join(f"{summary['value'][f'auc_{limit}']:.3f}" for limit in AUC_LIMITS_DEG)
    drawn = [summary["hypotheses_median"], summary["hypotheses_95"]]
    times = ["" if np.isnan(drawn[0]) else " / ".join(f"{count:.0f}" for count in drawn)]
    times.append(" / ".join(f"{summary[f'ms_{name}']:.2f}" for name in ("median", "95", "most")))
    times.append(f"{summary['time_ratio']:.2f}")
    if model == "essential":
        return [aucs, *(interval(summary, f"auc_{limit}", 3) for limit in AUC_LIMITS_DEG), *times]
    f1 = [f"{summary['value']['f1_percent']:.2f}", f"{summary['median_epipolar_px']:.3f}", interval(summary, "f1_percent", 2)]
    return [*f1, aucs, *times]


# ---------------------------------------------------------------- command line


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenes", nargs="+", metavar="SCENE.safetensors")
    parser.add_argument("--model", choices=("essential", "fundamental"), default="essential")
    parser.add_argument("--snn", type=float, help="keep matches with a smaller SNN ratio, the 2000 best; all if not given")
    parser.add_argument("--nabla", metavar="PROGRAM", help="the nabla-ransac program; without it, the peers alone")
    parser.add_argument("--nabla-args", default="", metavar="'ARGS'", help="further options of nabla-ransac eval")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each estimator, each with its own seed")
    parser.add_argument("--reference", default="PoseLib 1000", help="the estimator that the others are compared with")
    parser.add_argument("--only", default="", metavar="REGEX", help="run the estimators whose names match, and the reference")
    parser.add_argument("--json", metavar="FILE", help="write the figures, with the machine and versions, as JSON")
    args = parser.parse_args()
    if args.nabla and not os.access(args.nabla, os.X_OK):
        parser.error(f"no program at {args.nabla}: build it with `cargo build --release`, or leave --nabla out")
    return args


def chosen_runs(args):
    runs = nabla_runs(args) if args.nabla else {}
    runs |= {name: partial(run_peer, args.model, estimate) for name, estimate in peers(args.model).items()}
    if args.reference not in runs:
        sys.exit(f"no estimator is called {args.reference!r}; there are: {', '.join(runs)}")
    return {name: run for name, run in runs.items() if name == args.reference or re.search(args.only, name)}


def settings(args, scenes):
    packages = ("poselib", "opencv-python-headless", "pymagsac", "pycolmap")
    return {
        "model": args.model,
        "snn": args.snn,
        "scenes": {Path(path).stem: len(pairs) for path, pairs in scenes.items()},
        "repeats": args.repeats,
        "reference": args.reference,
        "nabla_args": args.nabla_args,
        "machine": platform.platform(),
        "versions": {package: version(package) for package in packages},
    }


def without_nan(value):
    """The value with null, which JSON has, for the infinite and undefined numbers, which it has not."""
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_nan(item) for item in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def main():
    args = parse_arguments()
    runs = chosen_runs(args)
    scenes = {path: read_scene(path, args.snn) for path in args.scenes}
    rows = run_all(runs, scenes, args.repeats)
    summaries = {name: summarise(rows[name], rows[args.reference]) for name in rows}
    print(markdown(args.model, summaries, args.reference))
    if args.json:
        report = without_nan({"settings": settings(args, scenes), "estimators": summaries})
        Path(args.json).write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
