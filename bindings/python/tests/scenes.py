"""Random matches with known truth."""

from dataclasses import dataclass

import numpy as np

K = np.array([[800.0, 0, 320], [0, 820.0, 240], [0, 0, 1]])


@dataclass
class Scene:
    points1: np.ndarray
    points2: np.ndarray
    right: np.ndarray
    rotation: np.ndarray
    translation: np.ndarray


def rotation(rng, angle=0.4):
    axis = rng.normal(size=3)
    x, y, z = axis / np.linalg.norm(axis) * angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) / angle * cross + (1 - np.cos(angle)) / angle**2 * cross @ cross


def project(points, k=K):
    pixels = points @ k.T
    return pixels[:, :2] / pixels[:, 2:]


def two_views(seed=0, count=300, right=0.7, noise=0.3, plane=False):
    """Matches of two calibrated views, some of them wrong."""
    rng = np.random.default_rng(seed)
    points = np.column_stack([rng.uniform(-2, 2, (count, 2)), rng.uniform(4, 8, count)])
    if plane:
        points[:, 2] = 5 + 0.3 * points[:, 0]
    r, t = rotation(rng, 0.15), np.array([1.0, 0.1, 0.2])
    t /= np.linalg.norm(t)
    points1, points2 = project(points), project(points @ r.T + t)
    points1 += rng.normal(scale=noise, size=points1.shape)
    points2 += rng.normal(scale=noise, size=points2.shape)
    is_right = np.arange(count) < right * count
    points2[~is_right] = rng.uniform((0, 0), (640, 480), (np.sum(~is_right), 2))
    return Scene(points1, points2, is_right, r, t)


def view_of_points(seed=0, count=200, right=0.7, noise=0.3):
    """Pixels of known 3-D points."""
    rng = np.random.default_rng(seed)
    world = rng.uniform(-2, 2, (count, 3))
    r, t = rotation(rng), np.array([0.1, -0.2, 7.0])
    pixels = project(world @ r.T + t) + rng.normal(scale=noise, size=(count, 2))
    is_right = np.arange(count) < right * count
    pixels[~is_right] = rng.uniform((0, 0), (640, 480), (np.sum(~is_right), 2))
    return Scene(pixels, world, is_right, r, t)


def point_sets(seed=0, count=200, right=0.7, noise=0.001):
    """Two 3-D point sets."""
    rng = np.random.default_rng(seed)
    points1 = rng.uniform(-1, 1, (count, 3))
    r, t = rotation(rng), np.array([0.5, -0.2, 0.3])
    points2 = points1 @ r.T + t + rng.normal(scale=noise, size=(count, 3))
    is_right = np.arange(count) < right * count
    points2[~is_right] = rng.uniform(-1, 1, (np.sum(~is_right), 3))
    return Scene(points1, points2, is_right, r, t)


def angle_deg(rotation1, rotation2):
    cos = (np.trace(rotation1.T @ rotation2) - 1) / 2
    return np.degrees(np.arccos(np.clip(cos, -1, 1)))
