"""A collection on a local Ray cluster of two workers: none of its rows is lost and none is there twice, whoever is killed.

20,000 pairs with NABLA_RAY_PAIRS=20000; by default a few, which is one minute.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import nabla_ransac

pytest.importorskip("ray.data")

PAIRS = int(os.environ.get("NABLA_RAY_PAIRS", "1500"))
FILES = 20
MATCHES = 100
OPTIONS = {"threshold_px": 2.0}
SEED = 3

DRIVER = f"""
import sys, ray.data, nabla_ransac.ray
pairs, out, checkpoint = sys.argv[1:]
ray.init(num_cpus=4, include_dashboard=False, object_store_memory=200_000_000, log_to_driver=False)
ray.data.DataContext.get_current().target_max_block_size = 200_000  # small files are work for two all the same
nabla_ransac.ray.verify(pairs, out, options={OPTIONS}, seed={SEED}, workers=2, batch_size=50, checkpoint=checkpoint or None)
"""


def pair_table(first: int, count: int) -> pa.Table:
    """Pairs of cameras around random points, with two wrong matches of five."""
    rng = np.random.default_rng(first)
    ids = np.arange(first, first + count)
    world = rng.uniform(-2, 2, (count, MATCHES, 3))
    angle = rng.uniform(0.1, 0.4, count)
    cos, sin, zero, one = np.cos(angle), np.sin(angle), np.zeros(count), np.ones(count)
    rotation = np.stack([cos, zero, sin, zero, one, zero, -sin, zero, cos], -1).reshape(count, 3, 3)
    seen = world + [0, 0, 7], np.einsum("nij,nmj->nmi", rotation, world) + [0.3, 0, 7]
    noise = rng.normal(0, 0.3, (2, count, MATCHES, 2))
    points1, points2 = [900 * at[..., :2] / at[..., 2:] + [500, 400] + n for at, n in zip(seen, noise, strict=True)]
    wrong = rng.random((count, MATCHES)) < 0.4
    points2[wrong] = rng.uniform(0, 800, (wrong.sum(), 2))

    def lists(points: np.ndarray) -> pa.Array:
        pixels = pa.FixedSizeListArray.from_arrays(pa.array(points.astype(np.float32).reshape(-1)), 2)
        return pa.ListArray.from_arrays(np.arange(0, count * MATCHES + 1, MATCHES, dtype=np.int32), pixels)

    kind = pa.struct(
        {"model": pa.int32(), "width": pa.int64(), "height": pa.int64(), "params": pa.list_(pa.float64()), "prior": pa.bool_()}
    )
    camera = {"model": 0, "width": 1000, "height": 800, "params": [900.0, 500.0, 400.0]}
    cameras = pa.array([{**camera, "prior": bool(i % 3)} for i in ids], kind)
    columns = {"pair_id": ids, "camera1": cameras, "camera2": cameras, "points1": lists(points1), "points2": lists(points2)}
    return pa.table(columns)


def in_one_process(folder: Path) -> pa.Table:
    batches = pq.read_table(folder).combine_chunks().to_batches()
    options = {**OPTIONS, "backend": "cpu"}
    found = [nabla_ransac.verify_record_batch(batch, options, seed=SEED) for batch in batches]
    return pa.Table.from_batches([pa.record_batch(batch) for batch in found])


def done(out: Path) -> int:
    """Rows in the files that are whole."""
    rows = 0
    for path in out.glob("*.parquet"):
        try:
            rows += pq.read_metadata(path).num_rows
        except (OSError, pa.ArrowInvalid):
            pass
    return rows


def descendants(of: int) -> dict[int, str]:
    """The processes below one, by number, with their titles."""
    parents, titles = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                titles[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                pass
    below = {of}
    while more := {process for process, parent in parents.items() if parent in below} - below:
        below |= more
    return {process: titles[process] for process in below - {of}}


def start(pairs: Path, out: Path, checkpoint: Path | None) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", DRIVER, pairs, out, checkpoint or ""])


def wait_for(driver: subprocess.Popen[bytes], is_there: Callable[[], bool]) -> None:
    limit = time.monotonic() + 600
    while not is_there():
        assert driver.poll() is None, "it ended too early to be killed"
        assert time.monotonic() < limit
        time.sleep(0.02)


def end(processes: Iterable[int]) -> None:
    """Waits for the processes of a cluster whose driver is gone; those that stay are killed."""
    limit = time.monotonic() + 20
    while left := [process for process in processes if state(process) not in ("", "Z")]:
        if time.monotonic() > limit:
            for process in left:
                os.kill(process, signal.SIGKILL)
        time.sleep(0.1)


def state(process: int) -> str:
    """`Z` for one that has ended and was not asked for, nothing where there is none."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return ""


def rows_of(out: Path) -> pa.Table:
    return pa.concat_tables([pq.read_table(path) for path in out.glob("*.parquet")]).sort_by("pair_id")


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the workers in /proc")
def test_no_row_is_lost_or_twice(tmp_path: Path) -> None:
    pairs = tmp_path / "pairs"
    pairs.mkdir()
    for file in range(FILES):
        pq.write_table(pair_table(1 + file * (PAIRS // FILES), PAIRS // FILES), pairs / f"part-{file:05}.parquet")
    expected = in_one_process(pairs).sort_by("pair_id")
    assert expected.num_rows == PAIRS // FILES * FILES and expected["error"].null_count == expected.num_rows

    # one of both workers is killed half way
    out = tmp_path / "worker"
    driver = start(pairs, out, None)
    wait_for(driver, lambda: done(out) >= PAIRS // 3)
    workers = [process for process, title in descendants(driver.pid).items() if "BatchVerifier" in title]
    assert len(workers) >= 2
    os.kill(workers[0], signal.SIGKILL)
    assert driver.wait() == 0
    assert rows_of(out).equals(expected.cast(rows_of(out).schema)), "row for row"

    # the driver is killed, and started again
    out, checkpoint = tmp_path / "driver", tmp_path / "checkpoint"
    driver = start(pairs, out, checkpoint)
    wait_for(driver, lambda: done(out) >= PAIRS // 3)
    cluster = descendants(driver.pid)
    driver.kill()
    driver.wait()
    before = done(out)
    assert before < PAIRS
    end(cluster)
    driver = start(pairs, out, checkpoint)
    assert driver.wait() == 0
    assert rows_of(out).equals(expected.cast(rows_of(out).schema)), "row for row"
    print(f"{PAIRS} pairs; {before} were there when the driver was killed")
