"""Arguments that several functions share, as types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypedDict, Union

from numpy.typing import ArrayLike

Model = Literal["essential", "fundamental", "homography", "pose", "rigid"]

#: A 3×3 matrix, ``(fx, fy, cx, cy)``, or COLMAP's ``{"model": "OPENCV", "width": w, "height": h, "params": [...]}``.
Camera = Union[ArrayLike, Mapping[str, Any]]


class EstimatorOptions(TypedDict, total=False):
    """Options of the estimator; one that is not given, or None, is the library's default."""

    backend: Literal["auto", "gpu", "cpu"] | None
    """Where the work runs: ``auto`` never takes a software GPU, ``gpu`` takes any."""
    threads: int | None
    """Threads over the problems of a batch; 0 takes one a core."""
    threshold_px: float | None
    """Inlier threshold, pixels (rigid: the unit of the points): 1, in verifications 4."""
    min_iterations: int | None
    """Hypotheses drawn at least: 64."""
    max_iterations: int | None
    """Hypotheses drawn at most: 10000, in verifications 2000."""
    confidence: float | None
    """Stop once a sample of inliers only was drawn with this probability: 0.9999."""
    min_inliers: int | None
    """Inliers that a model has at least: 0, in verifications 15."""
    sampler: Literal["auto", "uniform", "ratio", "weights"] | None
    """``auto``: by the network that ships for the model, where one does, else by weights or ratios."""
    sample_ratio_below: float | None
    """Matches with a higher SNN ratio are scored but never sampled: 1."""
    one_to_one: bool | None
    """Whether matches of a point to different ones are sampled last and count little: True."""
    score: Literal["magsac++", "magsacpp", "msac", "ransac"] | None
    """How models are scored: ``magsac++``."""
    residual: Literal["sampson", "symmetric"] | None
    """How far a match is from an epipolar geometry: ``sampson``."""
    weigh_score: bool | None
    """Whether weights, or else ratios, scale each match's part of the score; None: as goes with the network, else False."""
    weigh_refinement: bool | None
    """The same of the refinement."""
    key_points: bool | None
    """Whether scales and angles help to choose among the best models: True."""
    coherent: bool | None
    """Whether the winner is refined once more by how far neighbours agree; None: as goes with the network, else False."""
    use_all: bool | None
    """Refit on all matches with their weights, without sampling: False."""
    diagnose: bool | None
    """Look for planes, second motions, undetermined rotations: True."""


class VerifyOptions(EstimatorOptions, total=False):
    """Options of a verification: those of the estimator, and these."""

    max_false_alarms: float | None
    """Times that random matches would have as good a geometry, on average: 1e-10."""
    min_essential_share: float | None
    """With a smaller share of the inliers of a fundamental matrix, the intrinsics do not fit: 0.95."""
    multiple_models: bool | None
    """Whether more geometries are looked for among the outliers of the first: False."""
    detect_watermark: bool | None
    """Whether inliers along the border that are merely shifted are a watermark: True."""


class ProblemArguments(TypedDict, total=False):
    """What is known of the matches of one problem."""

    ratios: ArrayLike | None
    weights: ArrayLike | None
    scales1: ArrayLike | None
    scales2: ArrayLike | None
    angles1: ArrayLike | None
    angles2: ArrayLike | None
    camera1: Camera | None
    camera2: Camera | None
    threshold_px: float | None
    seed: int


class EstimateArguments(EstimatorOptions, ProblemArguments, total=False):
    """Arguments of :func:`estimate`: those of the estimator and those of the problem."""

