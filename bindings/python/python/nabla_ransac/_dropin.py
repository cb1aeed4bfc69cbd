"""What the drop-in modules share."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Camera = Any


class NotHonoured(UserWarning):
    """Something that another package honours and nabla-ransac does not."""


_told: set[tuple[str, str]] = set()


def warn_once(what: str, module: str) -> None:
    """Warns that something is not honoured, the first time that it is given."""
    if (what, module) in _told:
        return
    _told.add((what, module))
    warnings.warn(f"{module}: {what} is not honoured", NotHonoured, stacklevel=4)


def camera_of(camera: Camera) -> Any:
    """A camera as nabla-ransac takes it: of a mapping by COLMAP's names, or an object with the same fields."""
    if isinstance(camera, Mapping):
        return {name: camera[name] for name in ("model", "width", "height", "params") if name in camera}
    name = camera.model_name if hasattr(camera, "model_name") else camera.model
    if callable(name):
        name = name()
    name = getattr(name, "name", name)
    return {"model": name, "width": camera.width, "height": camera.height, "params": list(camera.params)}


def quaternion_of(rotation: NDArray[np.float64]) -> NDArray[np.float64]:
    """A rotation matrix as the quaternion w x y z with w not negative: the eigenvector of Bar-Itzhack's matrix (2000)."""
    (a, b, c), (d, e, f), (g, h, i) = rotation
    symmetric = np.array(
        [
            [a + e + i, h - f, c - g, d - b],
            [h - f, a - e - i, b + d, c + g],
            [c - g, b + d, e - a - i, f + h],
            [d - b, c + g, f + h, i - a - e],
        ]
    )
    quaternion = np.linalg.eigh(symmetric)[1][:, -1]
    return np.asarray(quaternion if quaternion[0] >= 0 else -quaternion)


def ranked_ratios(count: int) -> NDArray[np.float32]:
    """Ratios for matches in order of quality, the best first."""
    return np.linspace(0.0, 1.0, count, dtype=np.float32)


def options_of(options: Any) -> dict[str, Any]:
    """Options as a dictionary: of a mapping, or of one of pycolmap's objects."""
    if options is None:
        return {}
    return dict(options) if isinstance(options, Mapping) else dict(options.todict())
