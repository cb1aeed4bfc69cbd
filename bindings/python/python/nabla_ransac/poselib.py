"""PoseLib's functions by nabla-ransac: ``import nabla_ransac.poselib as poselib``.

Names, order of arguments, options and results are those of PoseLib 2.0.5; the one nested dictionary of options that its main branch
has is taken too. Of the options those of the RANSAC that have a counterpart are honoured: ``max_epipolar_error`` and
``max_reproj_error`` (pixels), ``max_iterations``, ``min_iterations``, ``success_prob``, ``seed`` and ``progressive_sampling`` (points are in
order of quality, the best first). Another one warns once. Thresholds that are not given are PoseLib's, 1 pixel and for homographies and poses
12; the rest is nabla-ransac's own: 64 to 10,000 hypotheses, for example.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from nabla_ransac._dropin import Camera, camera_of, quaternion_of, ranked_ratios, warn_once
from nabla_ransac._functions import estimate

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from nabla_ransac._estimate import Estimate

__all__ = [
    "CameraPose",
    "estimate_absolute_pose",
    "estimate_fundamental",
    "estimate_homography",
    "estimate_relative_pose",
]

_Options = Mapping[str, Any]
_SAME = {"max_iterations": "max_iterations", "min_iterations": "min_iterations", "success_prob": "confidence"}
_THRESHOLDS_PX = {"max_epipolar_error": 1.0, "max_reproj_error": 12.0}


class CameraPose:
    """A rigid transform ``x = R X + t``."""

    def __init__(self, rotation: ArrayLike | None = None, translation: ArrayLike | None = None) -> None:
        """Of a 3×3 rotation and a translation; the identity without them."""
        self._rotation = np.eye(3) if rotation is None else np.array(rotation, float)
        self._translation = np.zeros(3) if translation is None else np.array(translation, float)

    @property
    def R(self) -> NDArray[np.float64]:
        """The rotation, 3×3."""
        return self._rotation

    @property
    def t(self) -> NDArray[np.float64]:
        """The translation."""
        return self._translation

    @property
    def q(self) -> NDArray[np.float64]:
        """The rotation as a quaternion w x y z."""
        return quaternion_of(self._rotation)

    @property
    def Rt(self) -> NDArray[np.float64]:
        """``[R t]``, 3×4."""
        return np.column_stack([self._rotation, self._translation])

    def center(self) -> NDArray[np.float64]:
        """The centre of the camera, ``-Rᵀ t``."""
        return np.asarray(-self._rotation.T @ self._translation)

    def __repr__(self) -> str:
        return f"CameraPose(q={self.q.tolist()}, t={self.t.tolist()})"


def estimate_relative_pose(
    points2D_1: ArrayLike,
    points2D_2: ArrayLike,
    camera1: Camera,
    camera2: Camera,
    ransac_opt: _Options = {},
    bundle_opt: _Options = {},
    initial_pose: Any = None,
) -> tuple[CameraPose, dict[str, Any]]:
    """The motion from camera 1 to camera 2, with a translation of length 1."""
    cameras = {"camera1": camera_of(camera1), "camera2": camera_of(camera2)}
    found = _estimate("essential", points2D_1, points2D_2, ransac_opt, bundle_opt, initial_pose, **cameras)
    return CameraPose(found.rotation, found.translation), _info(found)


def estimate_fundamental(
    points2D_1: ArrayLike,
    points2D_2: ArrayLike,
    ransac_opt: _Options = {},
    bundle_opt: _Options = {},
    initial_F: Any = None,
) -> tuple[NDArray[np.float64], dict[str, Any]]:
    """The fundamental matrix; zeros where there is none."""
    found = _estimate("fundamental", points2D_1, points2D_2, ransac_opt, bundle_opt, initial_F)
    return _matrix(found), _info(found)


def estimate_homography(
    points2D_1: ArrayLike,
    points2D_2: ArrayLike,
    ransac_opt: _Options = {},
    bundle_opt: _Options = {},
    initial_H: Any = None,
) -> tuple[NDArray[np.float64], dict[str, Any]]:
    """The homography from image 1 to image 2; zeros where there is none."""
    found = _estimate("homography", points2D_1, points2D_2, ransac_opt, bundle_opt, initial_H)
    return _matrix(found), _info(found)


def estimate_absolute_pose(
    points2D: ArrayLike,
    points3D: ArrayLike,
    camera: Camera,
    ransac_opt: _Options = {},
    bundle_opt: _Options = {},
    initial_pose: Any = None,
) -> tuple[CameraPose, dict[str, Any]]:
    """The pose camera_from_world."""
    found = _estimate("pose", points2D, points3D, ransac_opt, bundle_opt, initial_pose, camera1=camera_of(camera))
    return CameraPose(found.rotation, found.translation), _info(found)


def _estimate(
    model: Any, points1: ArrayLike, points2: ArrayLike, ransac: _Options, bundle: _Options, initial: Any, **cameras: Any
) -> Estimate:
    if initial is not None:
        warn_once("an initial model", __name__)
    options = dict(ransac)
    # the main branch has all options in one dictionary
    options |= options.pop("ransac", {})
    for name in [*bundle, *options.pop("bundle", {})]:
        warn_once(f"bundle option {name}", __name__)
    arguments: dict[str, Any] = {"seed": int(options.pop("seed", 0)), **cameras}
    threshold_px = {name: options.pop(name, default) for name, default in _THRESHOLDS_PX.items()}
    is_epipolar = model in ("essential", "fundamental")
    of_model = threshold_px["max_epipolar_error" if is_epipolar else "max_reproj_error"]
    arguments["threshold_px"] = float(options.pop("max_error", of_model))
    if options.pop("progressive_sampling", False):
        arguments |= {"ratios": ranked_ratios(len(np.asarray(points1))), "sampler": "ratio"}
    for theirs, ours in _SAME.items():
        if theirs in options:
            arguments[ours] = options.pop(theirs)
    least, most = arguments.get("min_iterations"), arguments.get("max_iterations")
    if least is not None and most is None:
        arguments["max_iterations"] = max(int(least), 10_000)
    if most is not None and least is None:
        arguments["min_iterations"] = min(int(most), 64)
    if arguments.get("confidence", 0.0) >= 1.0:
        # all that may be drawn
        arguments["confidence"] = float(np.nextafter(1.0, 0.0))
    for name in options:
        warn_once(f"option {name}", __name__)
    return estimate(model, points1, points2, **arguments)


def _matrix(found: Estimate) -> NDArray[np.float64]:
    return np.zeros((3, 3)) if found.matrix is None else found.matrix


def _info(found: Estimate) -> dict[str, Any]:
    return {
        "inliers": found.inliers.tolist(),
        "iterations": found.iterations,
        "refinements": 1 if found else 0,
        "num_inliers": found.num_inliers,
        "inlier_ratio": found.num_inliers / max(len(found.inliers), 1),
        "model_score": found.score,
    }
