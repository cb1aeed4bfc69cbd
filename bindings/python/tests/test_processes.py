"""Threads, processes, and what an import does."""

import multiprocessing
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from scenes import two_views

from nabla_ransac import DeviceError, Estimator

SCENE = two_views()
ESTIMATOR = Estimator("fundamental")


def in_another_process(estimator):
    return estimator.estimate(SCENE.points1, SCENE.points2)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_an_estimator_works_in_other_processes(method):
    expected = ESTIMATOR.estimate(SCENE.points1, SCENE.points2)
    with multiprocessing.get_context(method).Pool(2) as pool:
        found = pool.map_async(in_another_process, [ESTIMATOR] * 4).get(timeout=120)
    for estimate in found:
        np.testing.assert_array_equal(estimate.inliers, expected.inliers)


@pytest.mark.parametrize("backend", ["cpu", "gpu"])
def test_a_forked_process_makes_its_own_of_what_its_parent_made(backend):
    """Not through pickle: the object itself is in the child's memory."""
    estimator = Estimator("fundamental", backend=backend)
    try:
        estimator.estimate(SCENE.points1, SCENE.points2)
    except DeviceError as error:
        pytest.skip(str(error))
    context = multiprocessing.get_context("fork")
    ends = context.Pipe(duplex=False)

    def child():
        ends[1].send(bool(estimator.estimate(SCENE.points1, SCENE.points2)))

    process = context.Process(target=child)
    process.start()
    assert ends[0].poll(60) and ends[0].recv()
    process.join(60)
    assert process.exitcode == 0
    assert estimator.estimate(SCENE.points1, SCENE.points2)


def test_other_threads_run_meanwhile():
    scene = two_views(count=4000)
    estimator = Estimator("fundamental", backend="cpu", threads=1, min_iterations=20_000, max_iterations=20_000)
    ended = threading.Event()
    ticks = []

    def count():
        while not ended.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.001)

    counter = threading.Thread(target=count)
    counter.start()
    start = time.perf_counter()
    estimator.estimate(scene.points1, scene.points2)
    end = time.perf_counter()
    ended.set()
    counter.join()
    meanwhile = sum(start < tick < end for tick in ticks)
    assert end - start > 0.05, "too quick to see"
    assert meanwhile > 10, f"{meanwhile} ticks in {end - start} s"


def test_one_estimator_serves_many_threads():
    expected = ESTIMATOR.estimate(SCENE.points1, SCENE.points2).inliers
    found = [None] * 8

    def work(place):
        found[place] = ESTIMATOR.estimate(SCENE.points1, SCENE.points2).inliers

    threads = [threading.Thread(target=work, args=(place,)) for place in range(len(found))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for inliers in found:
        np.testing.assert_array_equal(inliers, expected)


def test_an_import_opens_no_device():
    """No driver is loaded before an estimator works."""
    code = """
import nabla_ransac
nabla_ransac.Estimator("essential"), nabla_ransac.Verifier()
maps = open("/proc/self/maps").read()
assert "vulkan" not in maps, maps
"""
    if not sys.platform.startswith("linux"):
        pytest.skip("looks into /proc")
    subprocess.run([sys.executable, "-c", code], check=True)
