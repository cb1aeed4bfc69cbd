"""Whole collections on a Ray cluster: pairs in Parquet files to geometries in Parquet files. Needs `pip install nabla_ransac[ray]`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import ray.data
from ray.data import ActorPoolStrategy, DataContext
from ray.data.checkpoint import CheckpointConfig

from nabla_ransac import verify_record_batch


class BatchVerifier:
    """Verifies batches of pairs in a worker, which makes its verifier with the first."""

    def __init__(self, options: Mapping[str, Any], seed: int) -> None:
        self._options = dict(options)
        self._seed = seed

    def __call__(self, pairs: pa.Table) -> pa.Table:
        batches = pairs.combine_chunks().to_batches() or [pa.RecordBatch.from_pylist([], schema=pairs.schema)]
        found = [verify_record_batch(batch, self._options, seed=self._seed) for batch in batches]
        return pa.Table.from_batches([pa.record_batch(batch) for batch in found])


def verify(
    pairs: str,
    out: str,
    *,
    options: Mapping[str, Any] | None = None,
    seed: int = 0,
    workers: int | tuple[int, int] = 1,
    num_cpus: int = 1,
    num_gpus: float = 0,
    batch_size: int = 2048,
    checkpoint: str | None = None,
) -> None:
    """Verifies the pairs in a folder of Parquet files; their geometries go to files in another folder.

    Args:
        pairs: Folder, or its address in a store; the columns are those that `nabla-ransac export --parquet` writes.
        out: Folder of geometries, for `nabla-ransac import`.
        options: Those of the verifier and of its estimator, as `verify_record_batch` takes them.
        seed: The same seed gives the same rows, wherever and however often they are made.
        workers: How many, or the least and the most.
        num_cpus: Threads of a worker.
        num_gpus: GPUs of a worker, parts of one included.
        batch_size: Pairs that a worker verifies at a time.
        checkpoint: Folder for the numbers of the pairs that are done, on a disk that all machines share; the same call goes on
            from there when this process was killed.
    """
    options = {"threads": num_cpus, "backend": "auto" if num_gpus else "cpu", **(options or {})}
    least, most = workers if isinstance(workers, tuple) else (workers, workers)
    context = DataContext.get_current()
    before = context.checkpoint_config
    if checkpoint is not None:
        context.checkpoint_config = CheckpointConfig(
            id_column="pair_id", checkpoint_path=checkpoint, delete_checkpoint_on_success=False
        )
    try:
        ray.data.read_parquet(pairs).map_batches(
            BatchVerifier,
            fn_constructor_args=(options, seed),
            batch_format="pyarrow",
            batch_size=batch_size,
            compute=ActorPoolStrategy(min_size=least, max_size=most),
            num_cpus=num_cpus,
            num_gpus=num_gpus,
        ).write_parquet(out, compression="zstd")
    finally:
        context.checkpoint_config = before
