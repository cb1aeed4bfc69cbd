"""The same calls to PoseLib and to nabla-ransac's module of its name."""

import warnings

import numpy as np
import poselib as theirs
import pytest
from scenes import K, angle_deg, two_views, view_of_points

import nabla_ransac.poselib as ours

CAMERA = {"model": "PINHOLE", "width": 640, "height": 480, "params": [K[0, 0], K[1, 1], K[0, 2], K[1, 2]]}
OPTIONS = {"max_epipolar_error": 2.0, "max_reproj_error": 2.0, "max_iterations": 1000, "min_iterations": 100, "seed": 3}
BOTH = pytest.mark.parametrize("poselib", [theirs, ours], ids=["PoseLib", "nabla-ransac"])


def check(info, scene):
    assert isinstance(info["inliers"], list) and isinstance(info["inliers"][0], bool)
    mask = np.array(info["inliers"])
    assert mask[scene.right].mean() > 0.9 and mask[~scene.right].mean() < 0.1
    assert info["num_inliers"] == mask.sum() and info["inlier_ratio"] == pytest.approx(mask.mean())
    assert {"iterations", "refinements", "model_score"} <= info.keys()


@BOTH
def test_relative_pose(poselib):
    scene = two_views()
    pose, info = poselib.estimate_relative_pose(scene.points1, scene.points2, CAMERA, CAMERA, OPTIONS, {})
    check(info, scene)
    assert angle_deg(pose.R, scene.rotation) < 0.5
    assert pose.t / np.linalg.norm(pose.t) @ scene.translation > 0.999
    w, x, y, z = pose.q
    assert pose.R[2, 1] - pose.R[1, 2] == pytest.approx(4 * w * x) and w * w + x * x + y * y + z * z == pytest.approx(1)
    np.testing.assert_allclose(pose.Rt, np.column_stack([pose.R, pose.t]))
    np.testing.assert_allclose(pose.R @ pose.center() + pose.t, 0, atol=1e-9)


@BOTH
def test_fundamental_and_homography(poselib):
    scene = two_views(plane=True)
    homography, info = poselib.estimate_homography(scene.points1, scene.points2, OPTIONS)
    check(info, scene)
    mapped = np.column_stack([scene.points1, np.ones(len(scene.points1))]) @ homography.T
    errors = np.linalg.norm(mapped[:, :2] / mapped[:, 2:] - scene.points2, axis=1)
    assert np.median(errors[scene.right]) < 1
    scene = two_views()
    fundamental, info = poselib.estimate_fundamental(scene.points1, scene.points2, OPTIONS)
    check(info, scene)
    assert fundamental.shape == (3, 3)


@BOTH
def test_absolute_pose(poselib):
    scene = view_of_points()
    pose, info = poselib.estimate_absolute_pose(scene.points1, scene.points2, CAMERA, {"max_reproj_error": 2.0}, {})
    check(info, scene)
    assert angle_deg(pose.R, scene.rotation) < 0.5
    np.testing.assert_allclose(pose.t, scene.translation, atol=0.05)


def test_the_nested_options_of_the_main_branch():
    scene = two_views()
    flat, _ = ours.estimate_relative_pose(scene.points1, scene.points2, CAMERA, CAMERA, OPTIONS)
    nested = {"max_error": 2.0, "ransac": {"max_iterations": 1000, "min_iterations": 100, "seed": 3}, "bundle": {}}
    same, _ = ours.estimate_relative_pose(scene.points1, scene.points2, CAMERA, CAMERA, nested)
    np.testing.assert_array_equal(flat.Rt, same.Rt)


def test_an_option_that_is_not_honoured_warns_once():
    scene = two_views()
    with pytest.warns(UserWarning, match="real_focal_check"):
        ours.estimate_fundamental(scene.points1, scene.points2, {"real_focal_check": True})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ours.estimate_fundamental(scene.points1, scene.points2, {"real_focal_check": True})


def test_points_in_order_of_quality():
    scene = two_views(right=0.3)
    pose, info = ours.estimate_relative_pose(
        scene.points1, scene.points2, CAMERA, CAMERA, {"progressive_sampling": True, "max_epipolar_error": 2.0}
    )
    check(info, scene)
    assert angle_deg(pose.R, scene.rotation) < 0.5


def test_no_model():
    rng = np.random.default_rng(0)
    points = rng.uniform(0, 600, (2, 8, 2))
    matrix, info = ours.estimate_fundamental(*points, {"max_epipolar_error": 1e-6, "max_iterations": 64})
    assert matrix.shape == (3, 3) and len(info["inliers"]) == 8
