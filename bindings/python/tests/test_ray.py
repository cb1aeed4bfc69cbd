"""Workers and drivers of a local Ray are killed, and no row is lost or there twice."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

pa = pytest.importorskip("pyarrow")
pytest.importorskip("ray")

import pyarrow.parquet as pq  # noqa: E402
from scenes import two_views  # noqa: E402
from test_arrow import pairs as batch_of  # noqa: E402

from nabla_ransac import Verifier  # noqa: E402

pytestmark = pytest.mark.ray

PAIRS = int(os.environ.get("NABLA_RAY_PAIRS", "1200"))
PARTS = 12
BATCH = max(10, PAIRS // 60)
# long enough that there is something to be killed
OPTIONS = {"backend": "cpu", "threads": 1, "min_iterations": 1000 if PAIRS < 5000 else 64}

DRIVER = """
import json
import sys
import ray
import nabla_ransac.ray
pairs, out, checkpoint, batch, options = sys.argv[1:]
ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False)
ray.data.DataContext.get_current().enable_progress_bars = False
print("started", flush=True)
nabla_ransac.ray.verify(
    pairs, out, concurrency=2, batch_size=int(batch), checkpoint=checkpoint or None, seed=7, **json.loads(options)
)
print("finished", flush=True)
"""


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Files of pairs that differ, and the geometries that one process finds."""
    folder = tmp_path_factory.mktemp("pairs")
    scenes = [two_views(seed, count=80) for seed in range(40)]
    verifier, found = Verifier(**OPTIONS), []
    places = np.array_split(np.arange(PAIRS), PARTS)
    for part, ids in enumerate(places):
        batch = batch_of([scenes[place % len(scenes)] for place in ids], first_id=int(ids[0]))
        pq.write_table(pa.Table.from_batches([batch]), folder / f"part-{part:03}.parquet", row_group_size=BATCH)
        found.append(verifier.verify_record_batch(batch, seed=7))
    return folder, pa.Table.from_batches(found).sort_by("pair_id")


@pytest.fixture
def start():
    """Starts drivers, which end with the test at the latest."""
    drivers = []

    def start(folder, out, checkpoint=""):
        command = [sys.executable, "-c", DRIVER, str(folder), out.name, checkpoint, str(BATCH), json.dumps(OPTIONS)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        drivers.append(subprocess.Popen(command, cwd=out.parent, start_new_session=True, **pipes))
        return drivers[-1]

    yield start
    for driver in drivers:
        if driver.poll() is None:
            kill(driver)


def kill(driver):
    os.killpg(driver.pid, signal.SIGKILL)
    driver.wait()


def workers(driver):
    """Processes below the driver that hold a verifier."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    parents = {int(pid): int(parent) for pid, parent, _ in rows}

    def is_below(pid):
        while pid in parents and pid != driver.pid:
            pid = parents[pid]
        return pid == driver.pid

    return [int(pid) for pid, _, args in rows if "_Worker" in args and is_below(int(pid))]


def rows_of(out):
    """Of the files that are whole."""
    rows = 0
    for path in out.glob("*.parquet"):
        with contextlib.suppress(pa.ArrowInvalid, FileNotFoundError):
            rows += pq.read_metadata(path).num_rows
    return rows


def wait(process, is_so, what, seconds=240):
    end = time.monotonic() + seconds
    while not is_so():
        assert process.poll() is None, f"ended before {what}: {process.stderr.read()[-3000:]}"
        assert time.monotonic() < end, f"no {what} in {seconds} s"
        time.sleep(0.02)


def ended_well(process):
    out, errors = process.communicate(timeout=900)
    assert process.returncode == 0 and "finished" in out.splitlines(), errors[-3000:]


def same(out, expected):
    found = pq.read_table(out).sort_by("pair_id")
    ids = found["pair_id"].to_numpy()
    assert len(ids) - len(np.unique(ids)) == 0, "rows twice"
    assert len(np.setdiff1d(expected["pair_id"].to_numpy(), ids)) == 0, "rows lost"
    assert found.equals(expected.cast(found.schema))


def test_a_killed_worker_changes_nothing(start, pairs, tmp_path):
    folder, expected = pairs
    driver = start(folder, tmp_path / "out")
    out = tmp_path / "out"
    wait(driver, lambda: rows_of(out) > PAIRS // 6 and len(workers(driver)) == 2, "work by two")
    os.kill(workers(driver)[0], signal.SIGKILL)
    assert rows_of(out) < PAIRS
    ended_well(driver)
    same(out, expected)


def test_a_killed_driver_is_resumed_from_the_checkpoint(start, pairs, tmp_path):
    folder, expected = pairs
    out = tmp_path / "out"
    driver = start(folder, out, "checkpoint")
    wait(driver, lambda: rows_of(out) > PAIRS // 6, "part")
    kill(driver)
    done = rows_of(out)
    assert 0 < done < PAIRS
    again = start(folder, out, "checkpoint")
    ended_well(again)
    same(out, expected)
