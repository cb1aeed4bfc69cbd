"""What a type checker must see of the package; checked by mypy, never run."""

import numpy as np
from numpy.typing import NDArray

import nabla_ransac
from nabla_ransac import BadInput, Estimate, Estimator, Verifier

points: NDArray[np.float64] = np.zeros((10, 2))
k = np.eye(3)

estimator = Estimator("essential", backend="cpu", threshold_px=1.5)
estimate: Estimate = estimator.estimate(points, points, camera1=k, camera2=(1.0, 1.0, 0.0, 0.0), seed=1)
if estimate:
    mask: NDArray[np.bool_] = estimate.inliers
estimates: list[Estimate] = estimator.estimate_batch([{"points1": points, "points2": points}])
for one in estimator.estimate_batch([], return_errors=True):
    reveal = one.num_inliers if isinstance(one, Estimate) else str(one)
nabla_ransac.estimate("fundamental", points.tolist(), points, confidence=0.99, ratios=[0.5] * 10)
probabilities: NDArray[np.float32] = nabla_ransac.rank("fundamental", points, points)
inliers: NDArray[np.uint32] = Verifier(max_false_alarms=2.0).verify_pair(points, points)["inliers"]
nabla_ransac.verify("database.db", hloc=("features.h5", "matches.h5", "pairs.txt"), threads=2)
error: ValueError = BadInput("one")

Estimator("affine")  # type: ignore[arg-type]
Estimator("rigid", treshold=1)  # type: ignore[call-arg]
Estimator("rigid", threshold_px="wide")  # type: ignore[arg-type]
