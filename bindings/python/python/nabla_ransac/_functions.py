"""Functions that keep what they were called with before."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from nabla_ransac._nabla_ransac import Estimator, Verifier
from nabla_ransac._typing import ProblemArguments

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from typing_extensions import Unpack

    from nabla_ransac._estimate import Estimate
    from nabla_ransac._typing import EstimateArguments, Model, VerifyOptions

_OF_PROBLEM = frozenset(ProblemArguments.__annotations__)


_estimator = lru_cache(maxsize=32)(Estimator)
_verifier = lru_cache(maxsize=8)(Verifier)


def estimate(model: Model, points1: ArrayLike, points2: ArrayLike, **arguments: Unpack[EstimateArguments]) -> Estimate:
    """Estimates one model: ``Estimator(model, **options).estimate(points1, points2, **arguments)`` in one call.

    Takes the arguments of both. The estimator is kept for the next call with the same options.
    """
    options: dict[str, Any] = dict(arguments)
    of_problem = {name: options.pop(name) for name in _OF_PROBLEM & options.keys()}
    return _estimator(model, **options).estimate(points1, points2, **of_problem)


def verify_record_batch(batch: Any, *, seed: int = 0, **options: Unpack[VerifyOptions]) -> Any:
    """Geometries of a record batch or table of pairs: ``Verifier(**options).verify_record_batch(batch, seed=seed)``.

    The verifier is kept for the next call with the same options.
    """
    return _verifier(**options).verify_record_batch(batch, seed=seed)
