"""The peers on one image pair: (pair, seed) in, the pose (R, t) or the matrix F out, None if there is none."""

from functools import partial

import cv2
import numpy as np
import poselib
import pycolmap
import pymagsac

CONFIDENCE = 0.9999
OPENCV_CONFIDENCE = 0.999  # its default

cv2.setNumThreads(1)


def pose_of_essential(E, pair, mask):
    _, R, t, _ = cv2.recoverPose(E, pair.rays1, pair.rays2, np.eye(3), mask=np.array(mask, np.uint8).reshape(-1, 1))
    return R, t.ravel()


def pinhole(K, size):
    parameters = [K[0, 0], K[1, 1], K[0, 2], K[1, 2]]
    return {"model": "PINHOLE", "width": int(size[0]), "height": int(size[1]), "params": parameters}


def cameras(pair):
    return pinhole(pair.K1, pair.sizes[:2]), pinhole(pair.K2, pair.sizes[2:])


def poselib_options(seed, iterations, prosac):
    low, high = iterations
    return {
        "min_iterations": low,
        "max_iterations": high,
        "max_epipolar_error": 1.0,
        "success_prob": CONFIDENCE,
        "progressive_sampling": prosac,
        "seed": seed,
    }


def poselib_essential(pair, seed, iterations, prosac=False):
    options = poselib_options(seed, iterations, prosac)
    pose, _ = poselib.estimate_relative_pose(pair.points1, pair.points2, *cameras(pair), options, {})
    return pose.R, pose.t


def poselib_fundamental(pair, seed, iterations, prosac=False):
    options = poselib_options(seed, iterations, prosac)
    return poselib.estimate_fundamental(pair.points1, pair.points2, options, {})[0]


def opencv_essential(pair, _seed, method, iterations, threshold_px=0.75):
    threshold = threshold_px / np.mean([pair.K1[0, 0], pair.K1[1, 1], pair.K2[0, 0], pair.K2[1, 1]])
    E, mask = cv2.findEssentialMat(pair.rays1, pair.rays2, np.eye(3), method, OPENCV_CONFIDENCE, threshold, iterations)
    return None if E is None else pose_of_essential(E[:3], pair, mask)


def opencv_fundamental(pair, _seed, method, iterations, threshold_px=0.75):
    F, _ = cv2.findFundamentalMat(pair.points1, pair.points2, method, threshold_px, OPENCV_CONFIDENCE, iterations)
    return None if F is None else F[:3]


def pymagsac_options(sampler):
    return {"sampler": sampler, "sigma_th": 2.0, "conf": CONFIDENCE, "min_iters": 1000, "max_iters": 1000}


def pymagsac_essential(pair, _seed, sampler):
    matches, sizes = np.c_[pair.points1, pair.points2], pair.sizes.astype(float)
    E, mask = pymagsac.findEssentialMatrix(matches, pair.K1, pair.K2, *sizes, np.empty(0), **pymagsac_options(sampler))
    return pose_of_essential(E, pair, mask) if np.any(mask) else None


def pymagsac_fundamental(pair, _seed, sampler):
    matches, sizes = np.c_[pair.points1, pair.points2], pair.sizes.astype(float)
    F, mask = pymagsac.findFundamentalMatrix(matches, *sizes, np.empty(0), **pymagsac_options(sampler))
    return F if np.any(mask) else None


def pycolmap_options(seed):
    return pycolmap.RANSACOptions(
        max_error=1.0, confidence=CONFIDENCE, min_num_trials=1000, max_num_trials=1000, random_seed=seed, num_threads=1
    )


def pycolmap_essential(pair, seed):
    camera1, camera2 = (pycolmap.Camera(camera) for camera in cameras(pair))
    found = pycolmap.estimate_essential_matrix(pair.points1, pair.points2, camera1, camera2, pycolmap_options(seed))
    return found and (found["cam2_from_cam1"].rotation.matrix(), found["cam2_from_cam1"].translation)


def pycolmap_fundamental(pair, seed):
    found = pycolmap.estimate_fundamental_matrix(pair.points1, pair.points2, pycolmap_options(seed))
    return found and found["F"]


def peers(model):
    """Name and estimator of every peer, (pair, seed) -> (R, t) for the essential, F for the fundamental matrix."""
    of = lambda library: globals()[f"{library}_{model}"]
    found = {}
    for name, iterations in (("20", (20, 20)), ("100", (100, 100)), ("1000", (1000, 1000)), ("1000-100000", (1000, 100000))):
        found[f"PoseLib {name}"] = partial(of("poselib"), iterations=iterations)
        found[f"PoseLib {name} PROSAC"] = partial(of("poselib"), iterations=iterations, prosac=True)
    ransac = cv2.RANSAC if model == "essential" else cv2.FM_RANSAC
    found["OpenCV RANSAC 1000"] = partial(of("opencv"), method=ransac, iterations=1000)
    found["OpenCV USAC_MAGSAC"] = partial(of("opencv"), method=cv2.USAC_MAGSAC, iterations=5000)
    found["OpenCV USAC_ACCURATE"] = partial(of("opencv"), method=cv2.USAC_ACCURATE, iterations=5000)
    found["pymagsac 1000"] = partial(of("pymagsac"), sampler=0)
    found["pymagsac 1000 PROSAC"] = partial(of("pymagsac"), sampler=1)
    found["pycolmap 1000"] = of("pycolmap")
    return found
