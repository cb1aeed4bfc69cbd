from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Estimate"]


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """A model and what supports it. It is true where a model was found."""

    model: str
    """``essential``, ``fundamental``, ``homography``, ``pose`` or ``rigid``."""
    found: bool
    matrix: NDArray[np.float64] | None
    """E = [t]× R, F or H, 3×3: ``x2ᵀ F x1 = 0``, ``x2 ~ H x1``. None for poses and rigid transforms."""
    rotation: NDArray[np.float64] | None
    """3×3: ``x2 ~ R x1 + t`` of essential matrices, ``x_camera = R X_world + t``, ``points2 = R points1 + t``."""
    translation: NDArray[np.float64] | None
    """Of length 1 for essential matrices."""
    inliers: NDArray[np.bool_]
    """An entry a match; all False where no model was found."""
    num_inliers: int
    score: float
    """The sum of the matches' gains, each 0 to 1."""
    iterations: int
    """Hypotheses drawn."""
    confidence: float
    """The probability with which a sample of inliers only was among them."""
    budget_spent: bool
    """Whether the hypotheses ended before the confidence asked for was reached."""
    planar: bool
    """One homography explains most inliers: a planar scene, or no translation."""
    rotation_only: bool
    """A rotation alone explains most inliers: the translation is not determined."""
    ambiguous: bool
    """The second motion explains the matches nearly as well."""
    rotation_undetermined: bool
    """The inliers of a pose or rigid transform lie on one line."""
    second_motion: tuple[NDArray[np.float64], NDArray[np.float64], float] | None
    """Rotation, translation and score of the best other motion that explains half as much at least."""
    homography: NDArray[np.float64] | None
    """The homography that explains the most inliers, pixels."""

    def __bool__(self) -> bool:
        return self.found


Estimate.__module__ = "nabla_ransac"
