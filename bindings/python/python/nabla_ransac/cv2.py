"""OpenCV's robust estimators by nabla-ransac: ``import nabla_ransac.cv2 as cv2`` for these functions.

Arguments and results have OpenCV's names, order, shapes and types. Every method, from ``RANSAC`` to the ``USAC_`` ones, is nabla-ransac's
own; ``maxIters`` bounds its hypotheses and ``confidence`` ends them. ``LMEDS`` takes the threshold too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nabla_ransac._dropin import quaternion_of, ranked_ratios, warn_once
from nabla_ransac._functions import estimate

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "FM_LMEDS",
    "FM_RANSAC",
    "LMEDS",
    "RANSAC",
    "RHO",
    "USAC_ACCURATE",
    "USAC_DEFAULT",
    "USAC_FAST",
    "USAC_FM_8PTS",
    "USAC_MAGSAC",
    "USAC_PARALLEL",
    "USAC_PROSAC",
    "findEssentialMat",
    "findFundamentalMat",
    "findHomography",
    "solvePnPRansac",
]

LMEDS = FM_LMEDS = 4
RANSAC = FM_RANSAC = 8
RHO = 16
USAC_DEFAULT = 32
USAC_PARALLEL = 33
USAC_FM_8PTS = 34
USAC_FAST = 35
USAC_ACCURATE = 36
USAC_PROSAC = 37
USAC_MAGSAC = 38

_Found = tuple["NDArray[np.float64] | None", "NDArray[np.uint8] | None"]


def findEssentialMat(
    points1: ArrayLike,
    points2: ArrayLike,
    cameraMatrix: ArrayLike | None = None,
    method: int = RANSAC,
    prob: float = 0.999,
    threshold: float = 1.0,
    maxIters: int = 1000,
    mask: Any = None,
    *,
    focal: float = 1.0,
    pp: tuple[float, float] = (0.0, 0.0),
) -> _Found:
    """``E, mask``; both None where there is none."""
    del mask
    if cameraMatrix is None:
        camera = np.array([[focal, 0.0, pp[0]], [0.0, focal, pp[1]], [0.0, 0.0, 1.0]])
    else:
        camera = np.asarray(cameraMatrix, float)
    return _find("essential", points1, points2, method, threshold, prob, maxIters, camera1=camera, camera2=camera)


def findFundamentalMat(
    points1: ArrayLike,
    points2: ArrayLike,
    method: int = FM_RANSAC,
    ransacReprojThreshold: float = 3.0,
    confidence: float = 0.99,
    maxIters: int = 1000,
    mask: Any = None,
) -> _Found:
    """``F, mask``; both None where there is none."""
    del mask
    return _find("fundamental", points1, points2, method, ransacReprojThreshold, confidence, maxIters)


def findHomography(
    srcPoints: ArrayLike,
    dstPoints: ArrayLike,
    method: int = RANSAC,
    ransacReprojThreshold: float = 3.0,
    mask: Any = None,
    maxIters: int = 2000,
    confidence: float = 0.995,
) -> _Found:
    """``H, mask`` with ``H[2, 2] = 1``; both None where there is none."""
    del mask
    found, mask_out = _find("homography", srcPoints, dstPoints, method, ransacReprojThreshold, confidence, maxIters)
    if found is not None and found[2, 2] != 0.0:
        found = found / found[2, 2]
    return found, mask_out


def solvePnPRansac(
    objectPoints: ArrayLike,
    imagePoints: ArrayLike,
    cameraMatrix: ArrayLike,
    distCoeffs: ArrayLike | None = None,
    rvec: Any = None,
    tvec: Any = None,
    useExtrinsicGuess: bool = False,
    iterationsCount: int = 100,
    reprojectionError: float = 8.0,
    confidence: float = 0.99,
    inliers: Any = None,
    flags: int = 0,
) -> tuple[bool, NDArray[np.float64] | None, NDArray[np.float64] | None, NDArray[np.int32] | None]:
    """``ok, rvec, tvec, inliers``: a rotation vector and a translation, 3×1, and the inliers' indices, n×1."""
    del rvec, tvec, inliers, flags
    if useExtrinsicGuess:
        warn_once("useExtrinsicGuess", __name__)
    arguments = _arguments(reprojectionError, confidence, iterationsCount)
    camera = _distorted(np.asarray(cameraMatrix, float), distCoeffs)
    found = estimate("pose", _rows(imagePoints, 2), _rows(objectPoints, 3), camera1=camera, **arguments)
    if not found or found.rotation is None or found.translation is None:
        return False, None, None, None
    indices = np.flatnonzero(found.inliers).astype(np.int32)
    return True, _rotation_vector(found.rotation)[:, None], found.translation[:, None], indices[:, None]


def _find(
    model: Any, points1: ArrayLike, points2: ArrayLike, method: int, threshold: float, prob: float, most: int, **cameras: Any
) -> _Found:
    arguments = _arguments(threshold, prob, most)
    if method == USAC_PROSAC:
        # points are in order of quality, the best first
        arguments |= {"ratios": ranked_ratios(len(_rows(points1, 2))), "sampler": "ratio"}
    found = estimate(model, _rows(points1, 2), _rows(points2, 2), **arguments, **cameras)
    if found.matrix is None:
        return None, None
    return found.matrix, found.inliers.astype(np.uint8)[:, None]


def _arguments(threshold: float, confidence: float, most: int) -> dict[str, Any]:
    return {
        "threshold_px": float(threshold),
        "confidence": float(confidence),
        "max_iterations": int(most),
        "min_iterations": min(int(most), 64),
    }


def _rows(points: ArrayLike, columns: int) -> NDArray[np.float64]:
    """OpenCV's points have a shape of (n, columns) or (n, 1, columns)."""
    rows = np.asarray(points, float)
    return rows.reshape(-1, columns) if rows.ndim == 3 else rows


def _distorted(matrix: NDArray[np.float64], coefficients: ArrayLike | None) -> Any:
    given = np.zeros(0) if coefficients is None else np.asarray(coefficients, float).ravel()
    if not given.any():
        return matrix
    if len(given) not in (4, 5, 8):
        raise ValueError(f"distCoeffs: expected 4, 5 or 8 numbers, but there are {len(given)}")
    # OpenCV's k1 k2 p1 p2 k3 k4 k5 k6, as COLMAP's FULL_OPENCV
    parameters = [matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2], *given, *np.zeros(8 - len(given))]
    size = [max(1, round(2 * centre)) for centre in matrix[:2, 2]]
    return {"model": "FULL_OPENCV", "width": size[0], "height": size[1], "params": parameters}


def _rotation_vector(rotation: NDArray[np.float64]) -> NDArray[np.float64]:
    quaternion = quaternion_of(rotation)
    sine = np.linalg.norm(quaternion[1:])
    if sine < 1e-12:
        return np.asarray(2.0 * quaternion[1:])
    return np.asarray(quaternion[1:] / sine * 2.0 * np.arctan2(sine, quaternion[0]))
