from collections.abc import Callable, Iterable, Mapping
from os import PathLike
from typing import Any, Literal, Protocol, TypedDict, final, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from typing_extensions import Self, Unpack

from nabla_ransac._errors import NablaRansacError
from nabla_ransac._estimate import Estimate
from nabla_ransac._typing import Camera, EstimatorOptions, Model, VerifyOptions

__all__ = ["Estimator", "Verifier", "rank", "verify"]

class _ArrowArray(Protocol):
    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...

class _ArrowStream(Protocol):
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

class _Geometry(TypedDict):
    config: int
    F: NDArray[np.float64] | None
    E: NDArray[np.float64] | None
    H: NDArray[np.float64] | None
    rotation: NDArray[np.float64] | None
    translation: NDArray[np.float64] | None
    inliers: NDArray[np.uint32]
    score: float
    iterations: int
    ambiguous: bool

@final
class Estimator:
    def __new__(cls, model: Model, **options: Unpack[EstimatorOptions]) -> Self: ...
    @property
    def model(self) -> str: ...
    @property
    def device(self) -> str: ...
    @property
    def settings(self) -> dict[str, Any]: ...
    def estimate(
        self,
        points1: ArrayLike,
        points2: ArrayLike,
        *,
        ratios: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        scales1: ArrayLike | None = None,
        scales2: ArrayLike | None = None,
        angles1: ArrayLike | None = None,
        angles2: ArrayLike | None = None,
        camera1: Camera | None = None,
        camera2: Camera | None = None,
        threshold_px: float | None = None,
        seed: int = 0,
    ) -> Estimate: ...
    @overload
    def estimate_batch(
        self,
        problems: Iterable[Mapping[str, Any]] | _ArrowArray | _ArrowStream,
        *,
        seed: int = 0,
        return_errors: Literal[False] = False,
    ) -> list[Estimate]: ...
    @overload
    def estimate_batch(
        self,
        problems: Iterable[Mapping[str, Any]] | _ArrowArray | _ArrowStream,
        *,
        seed: int = 0,
        return_errors: bool,
    ) -> list[Estimate | NablaRansacError]: ...
    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]: ...

@final
class Verifier:
    def __new__(cls, **options: Unpack[VerifyOptions]) -> Self: ...
    @property
    def device(self) -> str: ...
    @property
    def settings(self) -> dict[str, Any]: ...
    def verify_pair(
        self,
        points1: ArrayLike,
        points2: ArrayLike,
        *,
        camera1: Camera | None = None,
        camera2: Camera | None = None,
        size1: tuple[int, int] | None = None,
        size2: tuple[int, int] | None = None,
        ratios: ArrayLike | None = None,
        seed: int = 0,
    ) -> _Geometry: ...
    def verify_record_batch(self, batch: _ArrowArray | _ArrowStream, *, seed: int = 0) -> Any: ...
    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, Any]]: ...

def rank(
    model: Literal["essential", "fundamental"],
    points1: ArrayLike,
    points2: ArrayLike,
    *,
    ratios: ArrayLike | None = None,
    scales1: ArrayLike | None = None,
    scales2: ArrayLike | None = None,
    angles1: ArrayLike | None = None,
    angles2: ArrayLike | None = None,
    camera1: Camera | None = None,
    camera2: Camera | None = None,
    logits: bool = False,
) -> NDArray[np.float32]: ...
def verify(
    database: str | PathLike[str],
    *,
    overwrite: bool = False,
    seed: int = 0,
    hloc: tuple[str | PathLike[str], str | PathLike[str], str | PathLike[str]] | None = None,
    progress: Callable[[int, int], object] | None = None,
    **options: Unpack[VerifyOptions],
) -> dict[str, Any]: ...
