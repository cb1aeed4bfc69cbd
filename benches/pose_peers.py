"""The peers on one query: (query, seed) in, the pose (R, t) out, None if there is none."""

from functools import partial

import cv2
import numpy as np
import poselib
import pycolmap

CONFIDENCE = 0.9999
MAX_ITERATIONS = 10000

cv2.setNumThreads(1)


def pinhole(query):
    K, (width, height) = query.K, query.size
    parameters = [K[0, 0], K[1, 1], K[0, 2], K[1, 2]]
    return {"model": "PINHOLE", "width": int(width), "height": int(height), "params": parameters}


def poselib_pose(query, seed, threshold_px, iterations, prosac=False):
    low, high = iterations
    options = {
        "min_iterations": low,
        "max_iterations": high,
        "max_reproj_error": threshold_px,
        "success_prob": CONFIDENCE,
        "progressive_sampling": prosac,
        "seed": seed,
    }
    pose, _ = poselib.estimate_absolute_pose(query.points2d, query.points3d, pinhole(query), options, {})
    return pose.R, pose.t


def opencv_pose(query, _seed, threshold_px, flags, iterations):
    options = {"iterationsCount": iterations, "reprojectionError": threshold_px, "confidence": CONFIDENCE, "flags": flags}
    found, rotation, t, _ = cv2.solvePnPRansac(query.points3d, query.points2d, query.K, None, **options)
    return (cv2.Rodrigues(rotation)[0], t.ravel()) if found else None


def opencv_usac(query, seed, threshold_px, score, iterations):
    """USAC with local optimisation and the final refinement; a sample of AP3P has four points."""
    options = cv2.UsacParams()
    options.confidence, options.maxIterations, options.threshold = CONFIDENCE, iterations, threshold_px
    options.randomGeneratorState, options.score, options.sampler = seed, score, cv2.SAMPLING_UNIFORM
    options.loMethod, options.loIterations, options.loSampleSize = cv2.LOCAL_OPTIM_INNER_AND_ITER_LO, 10, 14
    options.final_polisher, options.final_polisher_iterations = cv2.LSQ_POLISHER, 3
    found, _, rotation, t, _ = cv2.solvePnPRansac(query.points3d, query.points2d, query.K.copy(), None, params=options)
    return (cv2.Rodrigues(rotation)[0], t.ravel()) if found else None


def pycolmap_pose(query, seed, threshold_px, iterations):
    low, high = iterations
    options = pycolmap.AbsolutePoseEstimationOptions()
    options.ransac = pycolmap.RANSACOptions(
        max_error=threshold_px,
        confidence=CONFIDENCE,
        min_num_trials=low,
        max_num_trials=high,
        random_seed=seed,
        num_threads=1,
    )
    # as everywhere the centre of the first pixel is 0, 0 here, for points and principal point alike
    camera = pycolmap.Camera(pinhole(query))
    found = pycolmap.estimate_and_refine_absolute_pose(query.points2d, query.points3d, camera, options)
    return found and (found["cam_from_world"].rotation.matrix(), found["cam_from_world"].translation)


def pose_peers(threshold_px):
    """Name and estimator of every peer."""
    found = {}
    budgets = {str(budget): (budget, budget) for budget in (20, 100, 1000)}
    for name, iterations in (budgets | {"64-10000": (64, MAX_ITERATIONS)}).items():
        found[f"PoseLib {name}"] = partial(poselib_pose, iterations=iterations)
        found[f"PoseLib {name} PROSAC"] = partial(poselib_pose, iterations=iterations, prosac=True)
        found[f"pycolmap {name}"] = partial(pycolmap_pose, iterations=iterations)
    for budget in (20, 100, 1000):
        found[f"OpenCV EPnP {budget}"] = partial(opencv_pose, flags=cv2.SOLVEPNP_EPNP, iterations=budget)
        found[f"OpenCV AP3P {budget}"] = partial(opencv_pose, flags=cv2.SOLVEPNP_AP3P, iterations=budget)
        found[f"OpenCV USAC {budget}"] = partial(opencv_usac, score=cv2.SCORE_METHOD_MSAC, iterations=budget)
    found["OpenCV USAC_MAGSAC 10000"] = partial(opencv_usac, score=cv2.SCORE_METHOD_MAGSAC, iterations=MAX_ITERATIONS)
    return {name: partial(estimate, threshold_px=threshold_px) for name, estimate in found.items()}
