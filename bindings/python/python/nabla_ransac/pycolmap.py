"""pycolmap's geometric verification and estimators by nabla-ransac: ``import nabla_ransac.pycolmap as pycolmap`` for these functions.

Names, arguments and results are those of pycolmap 4.2. Options are mappings or pycolmap's own objects; of them ``max_error`` (pixels),
``min_num_trials``, ``max_num_trials``, ``confidence``, ``random_seed``, ``num_threads``, ``min_num_inliers``, ``min_E_F_inlier_ratio``,
``multiple_models`` and ``detect_watermark`` are honoured; another one that is given in a mapping warns once. Where pycolmap is installed,
poses and geometries are its objects. Pixels and cameras are COLMAP's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from nabla_ransac._dropin import Camera, camera_of, options_of, quaternion_of, warn_once
from nabla_ransac._functions import estimate
from nabla_ransac._nabla_ransac import Verifier, verify

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from nabla_ransac._estimate import Estimate

__all__ = [
    "Rigid3d",
    "TwoViewGeometry",
    "estimate_and_refine_absolute_pose",
    "estimate_calibrated_two_view_geometry",
    "estimate_essential_matrix",
    "estimate_fundamental_matrix",
    "estimate_homography_matrix",
    "estimate_two_view_geometry",
    "geometric_verification",
    "verify_matches",
]

_RANSAC = {
    "max_error": "threshold_px",
    "min_num_trials": "min_iterations",
    "max_num_trials": "max_iterations",
    "confidence": "confidence",
    "num_threads": "threads",
}
_TWO_VIEWS = {
    "min_num_inliers": "min_inliers",
    "min_E_F_inlier_ratio": "min_essential_share",
    "multiple_models": "multiple_models",
    "detect_watermark": "detect_watermark",
}
#: Of COLMAP's RANSAC, for the estimators without options.
_THRESHOLD_PX = 4.0


@dataclass(frozen=True, eq=False)
class Rigid3d:
    """A rigid transform ``x = R X + t``, where pycolmap is not installed."""

    rotation: NDArray[np.float64]
    """3×3."""
    translation: NDArray[np.float64]

    def matrix(self) -> NDArray[np.float64]:
        """``[R t]``, 3×4."""
        return np.column_stack([self.rotation, self.translation])


@dataclass(frozen=True, eq=False)
class TwoViewGeometry:
    """The geometry of two views, where pycolmap is not installed."""

    config: int
    E: NDArray[np.float64] | None
    F: NDArray[np.float64] | None
    H: NDArray[np.float64] | None
    cam2_from_cam1: Rigid3d | None
    inlier_matches: NDArray[np.uint32]


def geometric_verification(
    database_path: str | PathLike[str],
    verifier_options: Any = None,
    pairing_options: Any = None,
    two_view_geometry_options: Any = None,
    cancellation_token: Any = None,
) -> None:
    """Finds the geometry of all pairs of a database that have matches and none yet.

    ``pairing_options`` only say how COLMAP batches its work, and ctrl-c takes the place of the token.
    """
    del pairing_options, cancellation_token
    options, seed = _of_two_views(two_view_geometry_options)
    threads = options_of(verifier_options).get("num_threads", -1)
    verify(database_path, seed=seed, **options | {"threads": max(int(threads), 0)})


def verify_matches(
    database_path: str | PathLike[str], pairs_path: str | PathLike[str], options: Any = None, cancellation_token: Any = None
) -> None:
    """Finds the geometry of the pairs of a database that have matches and none yet: all of them, those of the list among them.

    The list of pairs is not needed: no others have matches in the databases that hloc makes.
    """
    del pairs_path, cancellation_token
    geometric_verification(database_path, two_view_geometry_options=options)


def estimate_two_view_geometry(
    camera1: Camera,
    points1: ArrayLike,
    camera2: Camera,
    points2: ArrayLike,
    matches: ArrayLike | None = None,
    options: Any = None,
) -> Any:
    """The geometry of two views; calibrated where both cameras have a prior focal length."""
    known = [bool(_field(camera, "has_prior_focal_length", True)) for camera in (camera1, camera2)]
    return _geometry((camera1, camera2), points1, points2, matches, options, all(known))


def estimate_calibrated_two_view_geometry(
    camera1: Camera,
    points1: ArrayLike,
    camera2: Camera,
    points2: ArrayLike,
    matches: ArrayLike | None = None,
    options: Any = None,
) -> Any:
    """The geometry of two views of known intrinsics."""
    return _geometry((camera1, camera2), points1, points2, matches, options, True)


def estimate_essential_matrix(
    points2D1: ArrayLike, points2D2: ArrayLike, camera1: Camera, camera2: Camera, estimation_options: Any = None
) -> dict[str, Any] | None:
    """``E``, ``cam2_from_cam1``, ``num_inliers`` and ``inlier_mask``."""
    cameras = {"camera1": camera_of(camera1), "camera2": camera_of(camera2)}
    found = _estimate("essential", points2D1, points2D2, estimation_options, **cameras)
    return found and {"E": found.matrix, "cam2_from_cam1": _rigid(found.rotation, found.translation), **_support(found)}


def estimate_fundamental_matrix(
    points2D1: ArrayLike, points2D2: ArrayLike, estimation_options: Any = None, use_sampson_refinement: bool = True
) -> dict[str, Any] | None:
    """``F``, ``num_inliers`` and ``inlier_mask``; always refined."""
    del use_sampson_refinement
    found = _estimate("fundamental", points2D1, points2D2, estimation_options)
    return found and {"F": found.matrix, **_support(found)}


def estimate_homography_matrix(
    points2D1: ArrayLike, points2D2: ArrayLike, estimation_options: Any = None
) -> dict[str, Any] | None:
    """``H``, ``num_inliers`` and ``inlier_mask``."""
    found = _estimate("homography", points2D1, points2D2, estimation_options)
    return found and {"H": found.matrix, **_support(found)}


def estimate_and_refine_absolute_pose(
    points2D: ArrayLike,
    points3D: ArrayLike,
    camera: Camera,
    estimation_options: Any = None,
    refinement_options: Any = None,
    return_covariance: bool = False,
) -> dict[str, Any] | None:
    """``cam_from_world``, ``num_inliers`` and ``inlier_mask``; the camera stays as it is."""
    if refinement_options is not None:
        warn_once("refinement_options", __name__)
    if return_covariance:
        warn_once("return_covariance", __name__)
    # the options of poses have those of the RANSAC inside
    ransac = options_of(options_of(estimation_options).get("ransac", estimation_options))
    found = _estimate("pose", points2D, points3D, {"max_error": 12.0, **ransac}, camera1=camera_of(camera))
    return found and {"cam_from_world": _rigid(found.rotation, found.translation), **_support(found)}


def _estimate(model: Any, points1: ArrayLike, points2: ArrayLike, options: Any, **cameras: Any) -> Any:
    ours, seed = _of_ransac(options)
    found = estimate(model, points1, points2, **{"threshold_px": _THRESHOLD_PX} | ours | cameras, seed=seed)
    return found if found else None


def _support(found: Estimate) -> dict[str, Any]:
    return {"num_inliers": found.num_inliers, "inlier_mask": found.inliers}


def _geometry(
    cameras: tuple[Camera, Camera],
    points1: ArrayLike,
    points2: ArrayLike,
    matches: ArrayLike | None,
    options: Any,
    calibrated: bool,
) -> Any:
    points = [np.asarray(points1, float), np.asarray(points2, float)]
    if matches is None:
        pairs = np.repeat(np.arange(len(points[0]), dtype=np.uint32)[:, None], 2, axis=1)
    else:
        pairs = np.asarray(matches, np.uint32).reshape(-1, 2)
    ours, seed = _of_two_views(options)
    sizes = [(int(_field(camera, "width", 0)), int(_field(camera, "height", 0))) for camera in cameras]
    given: dict[str, Any] = {"size1": sizes[0], "size2": sizes[1]} if all(map(all, sizes)) else {}
    if calibrated:
        given |= {"camera1": camera_of(cameras[0]), "camera2": camera_of(cameras[1])}
    found = Verifier(**ours).verify_pair(points[0][pairs[:, 0]], points[1][pairs[:, 1]], seed=seed, **given)
    motion = None if found["rotation"] is None else _rigid(found["rotation"], found["translation"])
    fields: dict[str, Any] = {name: found[name] for name in ("E", "F", "H")}
    fields |= {"config": found["config"], "cam2_from_cam1": motion, "inlier_matches": pairs[found["inliers"]]}
    real = _pycolmap()
    if real is None:
        return TwoViewGeometry(**fields)
    geometry = real.TwoViewGeometry()
    for name, value in fields.items():
        if value is not None:
            setattr(geometry, name, value)
    return geometry


def _rigid(rotation: Any, translation: Any) -> Any:
    real = _pycolmap()
    if real is None:
        return Rigid3d(rotation, translation)
    w, x, y, z = quaternion_of(rotation)
    return real.Rigid3d(real.Rotation3d(np.array([x, y, z, w])), translation)


def _pycolmap() -> Any:
    try:
        import pycolmap
    except ImportError:
        return None
    return pycolmap


def _field(camera: Camera, name: str, default: Any) -> Any:
    return camera.get(name, default) if isinstance(camera, Mapping) else getattr(camera, name, default)


def _of_two_views(options: Any) -> tuple[dict[str, Any], int]:
    theirs = options_of(options)
    is_given = isinstance(options, Mapping)
    ours, seed = _of_ransac(theirs.pop("ransac", None), is_given)
    for name, value in theirs.items():
        if name in _TWO_VIEWS:
            ours[_TWO_VIEWS[name]] = value
        elif is_given:
            warn_once(f"option {name}", __name__)
    return ours, seed


def _of_ransac(options: Any, is_given: bool = True) -> tuple[dict[str, Any], int]:
    theirs = options_of(options)
    seed = max(int(theirs.pop("random_seed", 0)), 0)
    if not (is_given and isinstance(options, Mapping)):
        # an object has values for all; the numbers of its trials are for its own sampler
        theirs = {name: theirs[name] for name in ("max_error",) if name in theirs}
    ours = {}
    for name, value in theirs.items():
        if name in _RANSAC:
            ours[_RANSAC[name]] = max(value, 0) if name == "num_threads" else value
        else:
            warn_once(f"option {name}", __name__)
    if "max_iterations" in ours:
        ours["min_iterations"] = min(ours.get("min_iterations", 64), ours["max_iterations"])
    elif "min_iterations" in ours:
        ours["max_iterations"] = max(ours["min_iterations"], 10_000)
    return ours, seed
