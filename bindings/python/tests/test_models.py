"""Every model finds what is true."""

import pickle

import numpy as np
import pytest
from scenes import K, angle_deg, point_sets, project, two_views, view_of_points

import nabla_ransac
from nabla_ransac import Estimator


def agree(found, right):
    """Nearly all right matches are inliers, and few others."""
    return np.mean(found[right]) > 0.9 and np.mean(found[~right]) < 0.1


def test_essential():
    scene = two_views()
    estimate = Estimator("essential").estimate(scene.points1, scene.points2, camera1=K, camera2=K)
    assert estimate and estimate.found and estimate.model == "essential"
    assert angle_deg(estimate.rotation, scene.rotation) < 0.3
    assert estimate.translation @ scene.translation > 0.999
    assert agree(estimate.inliers, scene.right)
    assert estimate.inliers.dtype == np.bool_ and estimate.num_inliers == estimate.inliers.sum()
    assert 0 < estimate.score <= estimate.num_inliers and estimate.iterations > 0
    assert estimate.confidence >= 0.9999 and not estimate.budget_spent
    t = estimate.translation
    cross = np.array([[0, -t[2], t[1]], [t[2], 0, -t[0]], [-t[1], t[0], 0]])
    np.testing.assert_allclose(estimate.matrix, cross @ estimate.rotation, atol=1e-12)


def test_fundamental():
    scene = two_views(1)
    estimate = nabla_ransac.estimate("fundamental", scene.points1, scene.points2)
    ones = np.ones((len(scene.points1), 1))
    x1, x2 = np.hstack([scene.points1, ones]), np.hstack([scene.points2, ones])
    lines = x1 @ estimate.matrix.T
    distance = np.abs(np.sum(x2 * lines, axis=1)) / np.linalg.norm(lines[:, :2], axis=1)
    assert np.median(distance[scene.right]) < 1
    assert agree(estimate.inliers, scene.right)
    assert estimate.rotation is None and estimate.translation is None


def test_homography():
    scene = two_views(2, plane=True)
    estimate = Estimator("homography").estimate(scene.points1, scene.points2)
    ones = np.ones((len(scene.points1), 1))
    mapped = project(np.hstack([scene.points1, ones]), estimate.matrix)
    assert np.median(np.linalg.norm(mapped - scene.points2, axis=1)[scene.right]) < 1
    assert agree(estimate.inliers, scene.right)


def test_pose():
    scene = view_of_points()
    estimate = Estimator("pose", threshold_px=2).estimate(scene.points1, scene.points2, camera1=K)
    assert angle_deg(estimate.rotation, scene.rotation) < 0.3
    np.testing.assert_allclose(estimate.translation, scene.translation, atol=0.05)
    assert agree(estimate.inliers, scene.right) and estimate.matrix is None


def test_rigid():
    scene = point_sets()
    estimate = nabla_ransac.estimate("rigid", scene.points1, scene.points2, threshold_px=0.01)
    assert angle_deg(estimate.rotation, scene.rotation) < 0.1
    np.testing.assert_allclose(estimate.translation, scene.translation, atol=0.002)
    assert agree(estimate.inliers, scene.right)


def test_nothing_found_is_no_error():
    rng = np.random.default_rng(0)
    points1, points2 = rng.uniform(0, 640, (2, 60, 2))
    estimate = Estimator("homography", min_inliers=30).estimate(points1, points2)
    assert not estimate and not estimate.found and estimate.matrix is None
    assert estimate.inliers.shape == (60,) and not estimate.inliers.any() and estimate.num_inliers == 0


def test_a_plane_is_diagnosed():
    scene = two_views(3, plane=True)
    estimate = Estimator("essential").estimate(scene.points1, scene.points2, camera1=K, camera2=K)
    assert estimate.planar and not estimate.rotation_only
    assert estimate.homography.shape == (3, 3)
    if estimate.ambiguous:
        rotation, translation, score = estimate.second_motion
        assert rotation.shape == (3, 3) and translation.shape == (3,) and score <= estimate.score
    assert not Estimator("essential", diagnose=False).estimate(
        scene.points1, scene.points2, camera1=K, camera2=K
    ).planar


def test_a_lens_is_undistorted_and_what_no_ray_sees_is_no_inlier():
    pycolmap = pytest.importorskip("pycolmap")
    scene = two_views(4, noise=0.1)
    params = [800.0, 820.0, 320.0, 240.0, -0.3, 0.0, 0.001, -0.001]
    camera = pycolmap.Camera(model="OPENCV", width=640, height=480, params=params)
    rays = [(points - K[:2, 2]) / K[[0, 1], [0, 1]] for points in (scene.points1, scene.points2)]
    points1, points2 = (camera.img_from_cam(np.column_stack([ray, np.ones(len(ray))])) for ray in rays)
    points1[0] = (1e5, 1e5)
    given = {"model": "OPENCV", "width": 640, "height": 480, "params": params}
    estimator = Estimator("essential")
    estimate = estimator.estimate(points1, points2, camera1=given, camera2=given)
    assert angle_deg(estimate.rotation, scene.rotation) < 0.2
    assert estimate.inliers.shape == (len(points1),) and not estimate.inliers[0]
    assert agree(estimate.inliers[1:], scene.right[1:])
    probabilities = nabla_ransac.rank("essential", points1, points2, camera1=given, camera2=given)
    assert probabilities[0] == 0 and probabilities.shape == (len(points1),)


def test_cameras_may_be_given_in_every_form():
    scene = two_views(5)
    four = (800.0, 820.0, 320.0, 240.0)
    mapping = {"model": "PINHOLE", "width": 640, "height": 480, "params": np.array(four)}
    estimator = Estimator("essential", backend="cpu")
    poses = [
        estimator.estimate(scene.points1, scene.points2, camera1=camera, camera2=camera).matrix
        for camera in (K, K.tolist(), four, mapping)
    ]
    for pose in poses[1:]:
        np.testing.assert_array_equal(pose, poses[0])


def test_the_same_seed_gives_the_same_estimate():
    scene = two_views(6)
    once, again, other = (
        Estimator("fundamental", backend="cpu", sampler="uniform", max_iterations=100).estimate(
            scene.points1, scene.points2, seed=seed
        )
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(once.matrix, again.matrix)
    assert (once.matrix != other.matrix).any()


def test_a_batch_is_what_its_problems_are():
    scenes = [two_views(seed) for seed in range(4)]
    estimator = Estimator("essential", backend="cpu")
    problems = [
        {"points1": s.points1, "points2": s.points2, "camera1": K, "camera2": K, "seed": i}
        for i, s in enumerate(scenes)
    ]
    batch = estimator.estimate_batch(problems)
    for problem, estimate in zip(problems, batch, strict=True):
        alone = estimator.estimate(**problem)
        np.testing.assert_array_equal(alone.matrix, estimate.matrix)
        np.testing.assert_array_equal(alone.inliers, estimate.inliers)


def test_errors_of_a_batch_name_their_problem():
    scene = two_views()
    good = {"points1": scene.points1, "points2": scene.points2}
    bad = {"points1": scene.points1[:3], "points2": scene.points2[:3]}
    estimator = Estimator("fundamental")
    with pytest.raises(nabla_ransac.BadInput, match="problem 1: fundamental needs at least 7"):
        estimator.estimate_batch([good, bad, good])
    first, error, last = estimator.estimate_batch([good, bad, good], return_errors=True)
    assert first and last and isinstance(error, nabla_ransac.BadInput)
    with pytest.raises(nabla_ransac.BadInput, match="problem 0: .*points2"):
        estimator.estimate_batch([{"points1": scene.points1}])
    with pytest.raises(TypeError, match="problem 0: .*weight"):
        estimator.estimate_batch([good | {"weight": None}])
    assert estimator.estimate_batch([]) == []


def test_the_network_ranks_and_its_options_can_be_overruled():
    scene = two_views(7, right=0.4)
    probabilities = nabla_ransac.rank("fundamental", scene.points1, scene.points2)
    logits = nabla_ransac.rank("fundamental", scene.points1, scene.points2, logits=True)
    assert probabilities.dtype == np.float32 and probabilities.shape == (300,)
    np.testing.assert_allclose(probabilities, 1 / (1 + np.exp(-logits)), atol=1e-6)
    assert probabilities[scene.right].mean() > probabilities[~scene.right].mean() + 0.2
    assert Estimator("fundamental").settings["weigh_score"]
    assert not Estimator("fundamental", weigh_score=False).settings["weigh_score"]
    assert not Estimator("fundamental", sampler="uniform").settings["coherent"]
    with pytest.raises(nabla_ransac.BadInput):
        nabla_ransac.rank("homography", scene.points1, scene.points2)


def test_weights_and_key_points_are_taken():
    scene = two_views(8)
    count = len(scene.points1)
    estimate = Estimator("fundamental", sampler="weights").estimate(
        scene.points1, scene.points2, weights=scene.right.astype(float)
    )
    assert agree(estimate.inliers, scene.right)
    shapes = {name: np.linspace(1, 5, count) for name in ("scales1", "scales2", "angles1", "angles2")}
    assert Estimator("fundamental").estimate(scene.points1, scene.points2, ratios=np.full(count, 0.7), **shapes)


def test_results_and_estimators_go_through_pickle():
    scene = two_views()
    estimator = pickle.loads(pickle.dumps(Estimator("fundamental", threshold_px=2, backend="cpu")))
    assert estimator.model == "fundamental" and estimator.settings["threshold_px"] == 2 and estimator.device == "CPU"
    estimate = estimator.estimate(scene.points1, scene.points2)
    copy = pickle.loads(pickle.dumps(estimate))
    np.testing.assert_array_equal(copy.matrix, estimate.matrix)
    assert copy.num_inliers == estimate.num_inliers
