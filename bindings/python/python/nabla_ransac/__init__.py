"""Robust estimation of two-view geometry, camera pose and rigid motion on any GPU, or without one.

Points are rows of NumPy arrays, or anything that NumPy makes one of; pixels are as the cameras have them. ``x2 ~ R x1 + t``,
``E = [t]× R``, ``x2ᵀ F x1 = 0``, ``x2 ~ H x1``, ``x_camera = R X_world + t``, ``points2 = R points1 + t``.
"""

from nabla_ransac._errors import BadInput, DeviceError, FileError, NablaRansacError
from nabla_ransac._estimate import Estimate
from nabla_ransac._functions import estimate, verify_record_batch
from nabla_ransac._nabla_ransac import Estimator, Verifier, rank, verify

__all__ = [
    "BadInput",
    "DeviceError",
    "Estimate",
    "Estimator",
    "FileError",
    "NablaRansacError",
    "Verifier",
    "estimate",
    "rank",
    "verify",
    "verify_record_batch",
]
