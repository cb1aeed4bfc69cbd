"""Queries of the localisation safetensors files and the errors of a pose on one; docs/comparison.md defines them."""

from typing import NamedTuple

import numpy as np
from safetensors import safe_open


class Query(NamedTuple):
    """Points in pixels and in the world; x_camera = R X_world + t."""

    name: str
    points2d: np.ndarray
    points3d: np.ndarray
    K: np.ndarray
    R: np.ndarray
    t: np.ndarray
    size: np.ndarray


class Scene(NamedTuple):
    """Queries, the unit of their positions, and the distance between the farthest true cameras."""

    queries: list
    unit: str
    extent: float


def read_query(file, name, snn):
    get = lambda key: file.get_tensor(f"{name}/{key}")
    ratio = get("ratio")
    order = np.argsort(ratio, kind="stable")  # PROSAC goes by the order
    order = order[ratio[order] < snn] if snn else order
    points2d, points3d = (get(key)[order].astype(np.float64) for key in ("points2d", "points3d"))
    return Query(name, points2d, points3d, get("K"), get("R"), get("t").ravel(), get("size").ravel())


def read_scene(path, snn):
    with safe_open(path, "numpy") as file:
        names = sorted({key.split("/")[0] for key in file.keys()})
        queries, unit = [read_query(file, name, snn) for name in names], file.metadata().get("units", "")
    centres = np.array([-query.R.T @ query.t for query in queries])
    return Scene(queries, unit, np.linalg.norm(centres[:, None] - centres, axis=2).max())


def pose_errors(found, query):
    """Rotation (degrees) and the distance between the centres; infinite where there is no pose."""
    if found is None:
        return np.inf, np.inf
    R, t = found
    rotation = 2 * np.arcsin(min(1.0, np.linalg.norm(R - query.R) / 8**0.5))
    return np.degrees(rotation), np.linalg.norm(R.T @ t - query.R.T @ query.t)
