"""Poses of a reconstruction against the truth, up to a similarity; x_camera = R x_world + t, centre = -Rᵀ t."""

from itertools import combinations
from typing import NamedTuple

import numpy as np

from two_view import auc

FAILURE_DEG = 180.0
RIGHT_DEG, RIGHT_SHARE = 1.0, 0.01  # of the scene's size: the median distance of the cameras from their middle


class Pose(NamedTuple):
    """Rotation camera_from_world and the camera's centre in the world."""

    R: np.ndarray
    centre: np.ndarray


def angle_deg(R):
    return np.degrees(2 * np.arcsin(np.clip(np.linalg.norm(R - np.eye(3)) / 8**0.5, 0, 1)))


def errors(found, truth):
    """Figures of the poses found (name → Pose) beside the true ones; what is not found counts as wrong."""
    pairs = [pair_error_deg(found, truth, *pair) for pair in combinations(sorted(truth), 2)]
    rotation_deg, position = aligned_errors(found, truth)
    right = (rotation_deg < RIGHT_DEG) & (position < RIGHT_SHARE)
    return {
        "images": len(found),
        "right": int(right.sum()),
        "auc_1": auc(pairs, 1.0),
        "auc_5": auc(pairs, 5.0),
        "rotation_deg": float(np.median(rotation_deg)) if len(found) else np.nan,
        "position": float(np.median(position)) if len(found) else np.nan,
    }


def pair_error_deg(found, truth, name1, name2):
    """The larger of the angle of rotation and the angle between the directions of the translation."""
    if name1 not in found or name2 not in found:
        return FAILURE_DEG
    (R, t), (R_true, t_true) = (relative(poses[name1], poses[name2]) for poses in (found, truth))
    direction = np.degrees(np.arctan2(np.linalg.norm(np.cross(t, t_true)), t @ t_true))
    return max(angle_deg(R @ R_true.T), direction)


def relative(pose1, pose2):
    return pose2.R @ pose1.R.T, pose2.R @ (pose1.centre - pose2.centre)


def aligned_errors(found, truth):
    """Rotation error (degrees) and position error (share of the scene's size) of each image found, under the similarity that
    two of the images give with the smallest median error of the positions."""
    names = sorted(found)
    if len(names) < 3:
        return np.full(len(names), np.inf), np.full(len(names), np.inf)
    all_centres = np.array([pose.centre for pose in truth.values()])
    size = np.median(np.linalg.norm(all_centres - np.median(all_centres, axis=0), axis=1))
    centres, true_centres = (np.array([poses[name].centre for name in names]) for poses in (found, truth))
    world = rotation_between(names, found, truth)
    rotated = centres @ world.T
    candidates = [moved(rotated, true_centres, i, j) for i, j in combinations(range(len(names)), 2)]
    position = min((np.linalg.norm(each - true_centres, axis=1) for each in candidates), key=np.median)
    rotation_deg = np.array([angle_deg(found[name].R @ world.T @ truth[name].R.T) for name in names])
    return rotation_deg, position / size


def rotation_between(names, found, truth):
    """true_world_from_world: of the rotations that single images give, the one with the smallest median error."""
    candidates = [truth[name].R.T @ found[name].R for name in names]
    return min(candidates, key=lambda world: np.median([angle_deg(world @ other.T) for other in candidates]))


def moved(points, targets, i, j):
    """The points scaled and shifted so that i and j lie at their targets, as nearly as these two can."""
    scale = np.linalg.norm(targets[i] - targets[j]) / max(np.linalg.norm(points[i] - points[j]), 1e-12)
    return scale * (points - (points[i] + points[j]) / 2) + (targets[i] + targets[j]) / 2


def poses_of_pairs(pairs):
    """Poses of the most images that exact relative ones (image1, image2, R, t with |t| = 1) connect."""
    rotations = max((rotations_from(pair["image1"], pairs) for pair in pairs), key=len)
    inside = [pair for pair in pairs if pair["image1"] in rotations]
    return centres_of_pairs(inside, sorted(rotations), rotations)


def rotations_from(start, pairs):
    rotations, before = {start: np.eye(3)}, 0
    while len(rotations) > before:
        before = len(rotations)
        for pair in pairs:
            R, (name1, name2) = np.array(pair["R"]), (pair["image1"], pair["image2"])
            if name1 in rotations:
                rotations.setdefault(name2, R @ rotations[name1])
            elif name2 in rotations:
                rotations[name1] = R.T @ rotations[name2]
    return rotations


def centres_of_pairs(pairs, names, rotations):
    """Centres along the directions of the pairs: the null vector of their cross products, in scale and sign as the pairs say."""
    place = {name: index for index, name in enumerate(names)}
    rows, directions = np.zeros((len(pairs), 3, len(names), 3)), []
    for row, pair in zip(rows, pairs):
        x, y, z = direction = -rotations[pair["image2"]].T @ np.array(pair["t"])
        row[:, place[pair["image2"]]] = cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        row[:, place[pair["image1"]]] = -cross
        directions.append(direction)
    matrix = rows.reshape(3 * len(pairs), 3 * len(names))[:, 3:]  # the first centre is the origin
    _, singular, right = np.linalg.svd(matrix)
    if singular[-2] < 1e-3 * singular[0]:
        raise ValueError("the directions of the pairs leave the centres open")
    centres = np.vstack([np.zeros(3), right[-1].reshape(-1, 3)])
    along = sum((centres[place[p["image2"]]] - centres[place[p["image1"]]]) @ d for p, d in zip(pairs, directions))
    return {name: Pose(rotations[name], np.sign(along) * centres[place[name]]) for name in names}


def poses_of_reconstruction(reconstruction):
    images = (reconstruction.images[index] for index in reconstruction.reg_image_ids())
    return {image.name: Pose(image.cam_from_world().rotation.matrix(), image.projection_center()) for image in images}
