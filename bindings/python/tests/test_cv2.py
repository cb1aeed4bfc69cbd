"""The same calls to OpenCV and to nabla-ransac's module of its name."""

import cv2 as theirs
import numpy as np
import pytest
from scenes import K, angle_deg, two_views, view_of_points

import nabla_ransac.cv2 as ours

BOTH = pytest.mark.parametrize("cv2", [theirs, ours], ids=["OpenCV", "nabla-ransac"])


def check(mask, scene):
    assert mask.dtype == np.uint8 and mask.shape == (len(scene.points1), 1)
    mask = mask.ravel().astype(bool)
    assert mask[scene.right].mean() > 0.9 and mask[~scene.right].mean() < 0.1


def test_the_constants_are_opencvs():
    for name in ours.__all__:
        if name.isupper() or name.startswith("USAC"):
            assert getattr(ours, name) == getattr(theirs, name), name


@BOTH
@pytest.mark.parametrize("method", ["RANSAC", "USAC_ACCURATE", "USAC_MAGSAC"])
def test_essential(cv2, method):
    scene = two_views()
    found, mask = cv2.findEssentialMat(scene.points1, scene.points2, K, getattr(cv2, method), 0.999, 2.0)
    assert found.shape == (3, 3)
    check(mask, scene)
    _, rotation, translation, _ = theirs.recoverPose(found, scene.points1, scene.points2, K, mask=mask.copy())
    assert angle_deg(rotation, scene.rotation) < 1 and translation.ravel() @ scene.translation > 0.99


@BOTH
def test_fundamental_and_homography(cv2):
    scene = two_views()
    found, mask = cv2.findFundamentalMat(scene.points1, scene.points2, cv2.USAC_ACCURATE, 2.0, 0.999, 2000)
    assert found.shape == (3, 3)
    check(mask, scene)
    plane = two_views(plane=True)
    for points1, points2 in [(plane.points1, plane.points2), (plane.points1[:, None], plane.points2[:, None].astype(np.float32))]:
        found, mask = cv2.findHomography(points1, points2, cv2.RANSAC, 2.0)
        assert found[2, 2] == pytest.approx(1.0)
        check(mask, plane)


@BOTH
def test_pose(cv2):
    scene = view_of_points()
    ok, rvec, tvec, inliers = cv2.solvePnPRansac(
        scene.points2, scene.points1, K, None, iterationsCount=1000, reprojectionError=2.0
    )
    assert ok and rvec.shape == tvec.shape == (3, 1) and inliers.dtype == np.int32 and inliers.shape[1] == 1
    assert angle_deg(theirs.Rodrigues(rvec)[0], scene.rotation) < 0.5
    np.testing.assert_allclose(tvec.ravel(), scene.translation, atol=0.05)


def test_distortion_is_opencvs():
    scene = view_of_points(right=1.0, noise=0.0)
    coefficients = np.array([-0.2, 0.05, 0.001, -0.002, 0.01])
    rvec = theirs.Rodrigues(scene.rotation)[0]
    pixels = theirs.projectPoints(scene.points2, rvec, scene.translation, K, coefficients)[0][:, 0]
    ok, rvec, tvec, inliers = ours.solvePnPRansac(scene.points2, pixels, K, coefficients, reprojectionError=1.0)
    assert ok and len(inliers) == len(pixels)
    assert angle_deg(theirs.Rodrigues(rvec)[0], scene.rotation) < 1e-3
    with pytest.raises(ValueError, match="4, 5 or 8"):
        ours.solvePnPRansac(scene.points2, pixels, K, np.ones(14))


def test_nothing_is_found():
    points = np.random.default_rng(0).uniform(0, 600, (2, 8, 2))
    found, mask = ours.findFundamentalMat(*points, ours.FM_RANSAC, 1e-6)
    assert (found is None) == (mask is None)
