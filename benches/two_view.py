"""Image pairs of the two-view safetensors files and the errors of an estimate on one; docs/comparison.md defines them."""

from typing import NamedTuple

import numpy as np
from safetensors import safe_open

MAX_MATCHES = 2000
INLIER_PX = 1.0


class Pair(NamedTuple):
    """An image pair: points in pixels and, divided by the intrinsics, as rays; x2 ~ R x1 + t."""

    name: str
    points1: np.ndarray
    points2: np.ndarray
    rays1: np.ndarray
    rays2: np.ndarray
    K1: np.ndarray
    K2: np.ndarray
    R: np.ndarray
    t: np.ndarray
    sizes: np.ndarray


def rays(points, K):
    return (np.c_[points, np.ones(len(points))] @ np.linalg.inv(K).T)[:, :2]


def read_pair(file, name, snn):
    get = lambda key: file.get_tensor(f"{name}/{key}")
    ratio = get("ratio")
    order = np.argsort(ratio, kind="stable")
    if snn:
        order = order[ratio[order] < snn][:MAX_MATCHES]
    points1, points2 = (get(key)[order].astype(np.float64) for key in ("points1", "points2"))
    K1, K2 = get("K1"), get("K2")
    return Pair(name, points1, points2, rays(points1, K1), rays(points2, K2), K1, K2, get("R"), get("t"), get("sizes"))


def read_scene(path, snn):
    with safe_open(path, "numpy") as file:
        names = sorted({key.split("/")[0] for key in file.keys()})
        return [read_pair(file, name, snn) for name in names]


def pose_error_deg(R, t, pair):
    """The larger of the rotation angle and the angle between the translation lines (their sign is ignored)."""
    rotation = 2 * np.arcsin(min(1.0, np.linalg.norm(R - pair.R) / 8**0.5))
    t, t_true = t / np.linalg.norm(t), pair.t / np.linalg.norm(pair.t)
    translation = np.arctan2(np.linalg.norm(np.cross(t, t_true)), abs(t @ t_true))
    return np.degrees(max(rotation, translation))


def auc(errors_deg, limit_deg):
    """Exact area under the recall curve up to the limit, by the trapezoid rule, as a share of the limit."""
    errors = np.sort(errors_deg)
    count = np.searchsorted(errors, limit_deg)
    x = np.r_[0.0, errors[:count], limit_deg]
    recall = np.r_[np.arange(count + 1), count] / len(errors)
    return np.trapezoid(recall, x) / limit_deg


def mean_distances_px(F, pair):
    """Symmetric point-to-line distance of each match in pixels: the mean over the two images."""
    x1, x2 = (np.c_[points, np.ones(len(points))] for points in (pair.points1, pair.points2))
    lines2, lines1 = x1 @ F.T, x2 @ F
    algebraic = np.abs((x2 * lines2).sum(1))
    inverse_norms = sum(1 / np.maximum(np.hypot(line[:, 0], line[:, 1]), 1e-300) for line in (lines1, lines2))
    return algebraic * inverse_norms / 2


def true_fundamental(pair):
    x, y, z = pair.t
    E = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]]) @ pair.R
    return np.linalg.inv(pair.K2).T @ E @ np.linalg.inv(pair.K1)


def fundamental_scores(F, pair):
    """F1 (%) of the inliers under F against those under the truth; median distance of the true ones to F (px)."""
    distances = mean_distances_px(F, pair)
    inlier, true = distances < INLIER_PX, mean_distances_px(true_fundamental(pair), pair) < INLIER_PX
    f1_percent = 200 * (inlier & true).sum() / max(1, inlier.sum() + true.sum())
    return f1_percent, np.median(distances[true]) if true.any() else np.inf
