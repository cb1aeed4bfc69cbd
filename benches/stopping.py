"""Is the confidence that the estimator stops at true?

Each pair is estimated with the default budget at a confidence, and with a budget of 100,000 hypotheses. Of the pairs that stopped
because the confidence was reached, the share is printed that had a model as good: with a score of at least 0.99 of the other one's,
or its motion to within a degree.

    python benches/stopping.py --nabla target/release/nabla-ransac SCENE.safetensors ...

Needs NumPy and safetensors.
"""

import argparse
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from safetensors import safe_open

BEST = ("--iterations", "100000")
SAME_SCORE = 0.99
SAME_DEG = 1.0


def estimate(args, scene, pair, options):
    command = [args.nabla, "estimate", scene, "--pair", pair, "--model", "essential", "--backend", "cpu", "--json"]
    command += ["--sampler", args.sampler, *options]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def difference_deg(a, b):
    """The larger one of the angles between two motions' rotations and between their translation directions."""
    poses = [found["camera2_from_camera1"] for found in (a, b)]
    (R1, R2), (t1, t2) = ([np.array(pose[part]) for pose in poses] for part in ("rotation", "translation"))
    rotation = 2 * np.arcsin(min(1.0, np.linalg.norm(R1 - R2) / 8**0.5))
    return np.degrees(max(rotation, np.arctan2(np.linalg.norm(np.cross(t1, t2)), t1 @ t2)))


def compare(args, job):
    stopped = estimate(args, *job, ("--confidence", str(args.confidence)))
    best = estimate(args, *job, BEST)
    if not (stopped["found"] and best["found"]):
        return stopped["iterations"], stopped["budget_spent"], not best["found"]
    same = stopped["score"] >= SAME_SCORE * best["score"] or difference_deg(stopped, best) < SAME_DEG
    return stopped["iterations"], stopped["budget_spent"], same


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenes", nargs="+", metavar="SCENE.safetensors")
    parser.add_argument("--nabla", metavar="PROGRAM", required=True)
    parser.add_argument("--confidence", type=float, default=0.99)
    parser.add_argument("--sampler", choices=("learned", "ratio", "uniform"), default="learned")
    args = parser.parse_args()
    jobs = []
    for scene in args.scenes:
        with safe_open(scene, "numpy") as file:
            jobs += [(scene, name) for name in sorted({key.rsplit("/", 1)[0] for key in file.keys()})]
    with ThreadPoolExecutor(2) as threads:
        iterations, spent, same = map(np.array, zip(*threads.map(lambda job: compare(args, job), jobs)))
    stopped = ~spent
    print(f"{len(jobs)} pairs by {args.sampler}; {stopped.sum()} stopped at a confidence of {args.confidence}")
    print(f"of these {100 * same[stopped].mean():.1f} % as good as with 100,000 hypotheses; of the others {100 * same[spent].mean():.1f} %")
    print(f"hypotheses, median / 95 %: {np.median(iterations):.0f} / {np.percentile(iterations, 95):.0f}")


if __name__ == "__main__":
    main()
