"""The same calls to pycolmap and to nabla-ransac's module of its name."""

import numpy as np
import pycolmap as theirs
import pytest
from scenes import K, angle_deg, two_views, view_of_points

import nabla_ransac.pycolmap as ours

CAMERA = theirs.Camera(
    model="PINHOLE", width=640, height=480, params=[K[0, 0], K[1, 1], K[0, 2], K[1, 2]], has_prior_focal_length=True
)
OPTIONS = {"max_error": 2.0, "random_seed": 1}
BOTH = pytest.mark.parametrize("pycolmap", [theirs, ours], ids=["pycolmap", "nabla-ransac"])


def check(found, scene):
    mask = found["inlier_mask"]
    assert mask.dtype == np.bool_ and found["num_inliers"] == mask.sum()
    assert mask[scene.right].mean() > 0.9 and mask[~scene.right].mean() < 0.1


@BOTH
def test_estimators(pycolmap):
    scene = two_views()
    found = pycolmap.estimate_essential_matrix(scene.points1, scene.points2, CAMERA, CAMERA, OPTIONS)
    check(found, scene)
    assert angle_deg(found["cam2_from_cam1"].rotation.matrix(), scene.rotation) < 0.5
    check(pycolmap.estimate_fundamental_matrix(scene.points1, scene.points2, OPTIONS), scene)
    plane = two_views(plane=True)
    found = pycolmap.estimate_homography_matrix(plane.points1, plane.points2, OPTIONS)
    check(found, plane)
    assert found["H"].shape == (3, 3)
    view = view_of_points()
    found = pycolmap.estimate_and_refine_absolute_pose(
        view.points1, view.points2, CAMERA, {"ransac": {"max_error": 2.0}}
    )
    check(found, view)
    assert angle_deg(found["cam_from_world"].rotation.matrix(), view.rotation) < 0.5
    np.testing.assert_allclose(found["cam_from_world"].translation, view.translation, atol=0.05)


@BOTH
def test_two_view_geometry(pycolmap):
    scene = two_views()
    matches = np.random.default_rng(1).permutation(len(scene.points1))[:, None].repeat(2, 1).astype(np.uint32)
    options = {"compute_relative_pose": True, "ransac": {"max_error": 2.0}}
    geometry = pycolmap.estimate_calibrated_two_view_geometry(
        CAMERA, scene.points1, CAMERA, scene.points2, matches, theirs.TwoViewGeometryOptions(options)
    )
    assert isinstance(geometry, theirs.TwoViewGeometry) and geometry.config == 2
    assert angle_deg(geometry.cam2_from_cam1.rotation.matrix(), scene.rotation) < 0.5
    inliers = geometry.inlier_matches[:, 0]
    assert np.mean(scene.right[inliers]) > 0.95 and len(inliers) > 0.9 * scene.right.sum()
    places = np.argsort(matches[:, 0])[inliers]
    assert np.all(np.diff(places) > 0), "in the order of the matches"


def test_unknown_intrinsics_are_uncalibrated():
    scene = two_views()
    camera = {"model": "PINHOLE", "width": 640, "height": 480, "params": CAMERA.params, "has_prior_focal_length": False}
    geometry = ours.estimate_two_view_geometry(camera, scene.points1, camera, scene.points2)
    assert geometry.config == 3 and geometry.F.shape == (3, 3)


def test_nothing_is_found():
    rng = np.random.default_rng(0)
    points = rng.uniform(0, 600, (2, 200, 2))
    assert ours.estimate_two_view_geometry(CAMERA, points[0], CAMERA, points[1]).config == 0
    few = rng.uniform(0, 600, (2, 8, 2))
    found = ours.estimate_fundamental_matrix(*few, {"max_error": 1e-6, "max_num_trials": 64})
    assert found is None or found["num_inliers"] >= 7


def test_an_option_that_is_not_honoured_warns():
    scene = two_views()
    with pytest.warns(UserWarning, match="dyn_num_trials_multiplier"):
        ours.estimate_fundamental_matrix(scene.points1, scene.points2, {"dyn_num_trials_multiplier": 3.0})


def test_a_database(tmp_path):
    databases = {}
    for pycolmap in (theirs, ours):
        path = tmp_path / f"{pycolmap.__name__}.db"
        theirs.set_random_seed(1)
        options = theirs.SyntheticDatasetOptions(
            num_rigs=1, num_frames_per_rig=5, inlier_match_ratio=0.5, camera_has_prior_focal_length=True
        )
        with theirs.Database.open(path) as database:
            theirs.synthesize_dataset(options, database)
            database.clear_two_view_geometries()
        pycolmap.geometric_verification(path)
        with theirs.Database.open(path) as database:
            ids, geometries = database.read_two_view_geometries()
        databases[pycolmap.__name__] = [(pair, geometry.config, len(geometry.inlier_matches)) for pair, geometry in zip(ids, geometries)]
    for (pair, config, inliers), (other, other_config, other_inliers) in zip(*databases.values()):
        assert (pair, config) == (other, other_config) and inliers == pytest.approx(other_inliers, rel=0.1)
