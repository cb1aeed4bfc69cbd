"""A script written for PoseLib, and the same with the one line changed: `import nabla_ransac.poselib as poselib`.

Both run on the same pairs in turn, with no options but a seed and the threshold; then what a call from Python costs beside the work.

    pip install -r benches/requirements-peers.txt
    pip install ./bindings/python
    python benches/drop_in.py SCENE.safetensors ...
"""

import argparse
import time

import nabla_ransac
import nabla_ransac.poselib
import numpy as np
import poselib
from peers import cameras
from two_view import auc, fundamental_scores, pose_error_deg, read_scene

MODULES = {"PoseLib": poselib, "nabla_ransac.poselib": nabla_ransac.poselib}
OPTIONS = {"max_epipolar_error": 1.0, "seed": 1}
CALLS = 2000


def essential(module, pair):
    pose, _ = module.estimate_relative_pose(pair.points1, pair.points2, *cameras(pair), OPTIONS, {})
    return pose_error_deg(pose.R, pose.t, pair) if np.any(pose.t) else 180.0


def fundamental(module, pair):
    matrix, _ = module.estimate_fundamental(pair.points1, pair.points2, OPTIONS, {})
    return fundamental_scores(matrix, pair)[0] if np.any(matrix) else 0.0


def measure(run, pairs):
    """Figure and seconds of each pair, a module each; they take turns pair by pair."""
    found = {name: [] for name in MODULES}
    for pair in pairs:
        for name, module in MODULES.items():
            start = time.perf_counter()
            figure = run(module, pair)
            found[name].append((figure, time.perf_counter() - start))
    return {name: np.array(rows) for name, rows in found.items()}


def overhead_us():
    """Microseconds of a call at most: one hypothesis of a rigid transform of 10 matches, whose own work is a part of it."""
    points = np.random.default_rng(0).normal(size=(10, 3))
    options = {"min_iterations": 1, "max_iterations": 1, "diagnose": False}
    estimator = nabla_ransac.Estimator("rigid", backend="cpu", **options)
    start = time.perf_counter()
    for _ in range(CALLS):
        estimator.estimate(points, points)
    return (time.perf_counter() - start) / CALLS * 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenes", nargs="+", metavar="SCENE")
    parser.add_argument("--snn", type=float, default=0.0, help="only matches with a lower ratio; 0 for all")
    args = parser.parse_args()
    pairs = [pair for path in args.scenes for pair in read_scene(path, args.snn)]
    print(f"{len(pairs)} pairs\n\n| | | E: AUC@5/10/20 | ms a pair | F: F1 % | ms a pair |\n|---|---|---|---:|---:|---:|")
    of_e, of_f = measure(essential, pairs), measure(fundamental, pairs)
    first = None
    for name in MODULES:
        ms = [1e3 * np.mean(rows[name][:, 1]) for rows in (of_e, of_f)]
        first = first or ms
        aucs = "/".join(f"{auc(of_e[name][:, 0], limit):.3f}" for limit in (5, 10, 20))
        times = [f"{own:.2f} ({own / other:.2f})" for own, other in zip(ms, first)]
        print(f"| {name} | | {aucs} | {times[0]} | {of_f[name][:, 0].mean():.1f} | {times[1]} |")
    print(f"\na call of one hypothesis on 10 matches: {overhead_us():.1f} µs")


if __name__ == "__main__":
    main()
