"""Verification of pairs in Parquet files on as many machines as a Ray cluster has (``pip install nabla-ransac[ray]``)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike, fspath
from os.path import abspath
from typing import TYPE_CHECKING, Any

from ray.data import ActorPoolStrategy, DataContext, SaveMode, read_parquet
from ray.data.checkpoint import CheckpointConfig

from nabla_ransac._nabla_ransac import Verifier

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from nabla_ransac._typing import VerifyOptions

__all__ = ["verify"]


class _Worker:
    """An actor that holds a verifier."""

    def __init__(self, seed: int, options: dict[str, Any]) -> None:
        self.seed = seed
        self.verifier = Verifier(**options)

    def __call__(self, pairs: Any) -> Any:
        return self.verifier.verify_record_batch(pairs, seed=self.seed)


def _place(folder: str | PathLike[str]) -> str:
    """The same for every process: an address as it is, a path from the root."""
    folder = fspath(folder)
    return folder if "://" in folder else abspath(folder)


@contextmanager
def _checkpointed(folder: str | PathLike[str] | None) -> Iterator[None]:
    """Has Ray note the pairs that are done, and leave them out when it starts again."""
    context = DataContext.get_current()
    before = context.checkpoint_config
    if folder is not None:
        # kept, so that one call more does nothing
        context.checkpoint_config = CheckpointConfig("pair_id", _place(folder), delete_checkpoint_on_success=False)
    try:
        yield
    finally:
        context.checkpoint_config = before


def verify(
    pairs_folder: str | PathLike[str],
    out_folder: str | PathLike[str],
    *,
    concurrency: int | tuple[int, int],
    num_cpus: float = 1,
    num_gpus: float = 0,
    batch_size: int = 2048,
    checkpoint: str | PathLike[str] | None = None,
    seed: int = 0,
    **options: Unpack[VerifyOptions],
) -> None:
    """Verifies pairs as ``nabla-ransac export --parquet`` writes them; the geometries are for ``nabla-ransac import``.

    So many workers (or between two numbers of them), each with its CPUs and its part of a GPU. The work of one that dies is done again by
    another. With a folder for a checkpoint, which all machines see, the same call goes on after the end of the driver too, and
    does no pair twice; without one, the folder of geometries must not be there yet. The geometries are those of one process: the
    samples of a pair follow from its number and the seed.
    """
    if options.get("threads") is None:
        options["threads"] = max(1, int(num_cpus))
    least, most = concurrency if isinstance(concurrency, tuple) else (concurrency, concurrency)
    with _checkpointed(checkpoint):
        pairs = read_parquet(_place(pairs_folder))
        # Ray reads several files at once, and a worker takes a block at once
        blocks = pairs.repartition(target_num_rows_per_block=batch_size)
        geometries = blocks.map_batches(
            _Worker,
            fn_constructor_args=(seed, options),
            batch_format="pyarrow",
            batch_size=batch_size,
            compute=ActorPoolStrategy(min_size=least, max_size=most),
            num_cpus=num_cpus,
            num_gpus=num_gpus,
        )
        geometries.write_parquet(_place(out_folder), mode=SaveMode.ERROR if checkpoint is None else SaveMode.APPEND)
