"""Makes an easy scene hard: of the right matches a random share stays, of the wrong ones all.

    python thin_matches.py SCENE.safetensors HARD.safetensors [LOW HIGH] [--seed N]

Of the matches within 4 px of both true epipolar lines a pair keeps a share drawn between LOW and HIGH (.05 and .3), but as many
as leave it about 20 of an SNN ratio below .8. Needs NumPy and safetensors.
"""

import argparse

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

RIGHT_PX = 4.0
AT_LEAST = 20


def farther_distance_px(pair):
    """The larger one of the distances of each match to its true epipolar lines."""
    x, y, z = pair["t"]
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    fundamental = np.linalg.inv(pair["K2"]).T @ cross @ pair["R"] @ np.linalg.inv(pair["K1"])
    points1, points2 = (np.pad(pair[side].astype(float), ((0, 0), (0, 1)), constant_values=1) for side in ("points1", "points2"))
    lines2, lines1 = points1 @ fundamental.T, points2 @ fundamental
    algebraic = np.abs((points2 * lines2).sum(1))
    return np.max([algebraic / np.hypot(lines[:, 0], lines[:, 1]) for lines in (lines1, lines2)], axis=0)


def thinned(pair, low, high, rng):
    right = farther_distance_px(pair) < RIGHT_PX
    used = right & (pair["ratio"] < 0.8)
    share = max(rng.uniform(low, high), min(1.0, AT_LEAST / max(1, used.sum())))
    keep = ~right | (rng.random(len(right)) < share)
    per_pair = {"K1", "K2", "R", "t", "sizes"}
    return {key: value if key in per_pair else np.ascontiguousarray(value[keep]) for key, value in pair.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scene")
    parser.add_argument("out")
    parser.add_argument("share", type=float, nargs="*", default=[0.05, 0.3])
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    low, high = arguments.share
    tensors = {}
    with safe_open(arguments.scene, "numpy") as scene:
        metadata = scene.metadata()
        for index, name in enumerate(sorted({key.rsplit("/", 1)[0] for key in scene.keys()})):
            keys = [key for key in scene.keys() if key.startswith(name + "/")]
            pair = {key.rsplit("/", 1)[1]: scene.get_tensor(key) for key in keys}
            hard = thinned(pair, low, high, np.random.default_rng([arguments.seed, index]))
            tensors.update({f"{name}/{key}": value for key, value in hard.items()})
    save_file(tensors, arguments.out, metadata=metadata)


if __name__ == "__main__":
    main()
