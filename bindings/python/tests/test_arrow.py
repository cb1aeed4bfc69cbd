"""Record batches and tables, in and out."""

import numpy as np
import pytest
from scenes import K, two_views

import nabla_ransac
from nabla_ransac import BadInput, Estimator, Verifier

pa = pytest.importorskip("pyarrow")

CAMERA = {"model": 1, "width": 640, "height": 480, "params": [800.0, 820.0, 320.0, 240.0], "prior": True}
CAMERA_TYPE = pa.struct(
    [
        ("model", pa.int32()),
        ("width", pa.int64()),
        ("height", pa.int64()),
        ("params", pa.list_(pa.float64())),
        ("prior", pa.bool_()),
    ]
)
SCENES = [two_views(seed) for seed in range(6)]


def pairs(scenes=SCENES, camera=CAMERA, first_id=10):
    """Rows as the command line's export writes them."""
    points = pa.list_(pa.list_(pa.float32(), 2))
    count = len(scenes)
    return pa.record_batch(
        {
            "pair_id": pa.array(range(first_id, first_id + count), pa.int64()),
            "image_id1": pa.array([1] * count, pa.int32()),
            "image_id2": pa.array(range(2, 2 + count), pa.int32()),
            "camera1": pa.array([camera] * count, CAMERA_TYPE),
            "camera2": pa.array([camera] * count, CAMERA_TYPE),
            "points1": pa.array([scene.points1.tolist() for scene in scenes], points),
            "points2": pa.array([scene.points2.tolist() for scene in scenes], points),
        }
    )


def test_geometries_of_a_batch():
    found = nabla_ransac.verify_record_batch(pairs(), backend="cpu")
    assert isinstance(found, pa.RecordBatch)
    assert found["pair_id"].to_pylist() == list(range(10, 16))
    for row, scene in zip(found.to_pylist(), SCENES, strict=True):
        assert row["error"] is None and row["config"] == 2
        assert np.mean(scene.right[row["inliers"]]) > 0.95 and row["num_inliers"] == len(row["inliers"]) > 180
        assert np.dot(row["tvec"], scene.translation) > 0.99


def test_a_row_is_the_same_in_every_batch_and_table():
    verifier = Verifier(backend="cpu")
    batch = pairs()
    whole = verifier.verify_record_batch(batch, seed=5)
    for row in range(len(SCENES)):
        assert verifier.verify_record_batch(batch.slice(row, 1), seed=5).equals(whole.slice(row, 1))
    table = verifier.verify_record_batch(pa.Table.from_batches([batch.slice(0, 2), batch.slice(2)]), seed=5)
    assert isinstance(table, pa.Table) and table.combine_chunks().to_batches()[0].equals(whole)
    assert nabla_ransac.verify_record_batch(batch, seed=5, backend="cpu").equals(whole)


def test_nothing_in_nothing_out():
    verifier = Verifier(backend="cpu")
    empty = verifier.verify_record_batch(pairs().slice(0, 0))
    assert empty.num_rows == 0 and empty.schema == verifier.verify_record_batch(pairs().slice(0, 1)).schema
    table = verifier.verify_record_batch(pa.Table.from_batches([], pairs().schema))
    assert table.num_rows == 0 and table.schema == empty.schema


def test_a_wrong_row_has_its_error_and_the_others_go_on():
    scenes = [*SCENES[:2], two_views()]
    scenes[1].points2[0] = np.nan
    short = pairs(scenes)
    points = short["points2"].to_pylist()
    points[0] = points[0][1:]
    batch = short.set_column(short.schema.get_field_index("points2"), "points2", pa.array(points, short["points2"].type))
    first, _, last = Verifier(backend="cpu").verify_record_batch(batch).to_pylist()
    assert "points2" in first["error"] and first["config"] == 0
    assert last["error"] is None and last["config"] == 2
    scenes[1].points2[0] = 0


def test_models_of_a_batch():
    batch = pairs()
    estimates = Estimator("essential", backend="cpu").estimate_batch(batch)
    assert len(estimates) == len(SCENES)
    for estimate, scene in zip(estimates, SCENES, strict=True):
        assert estimate.translation @ scene.translation > 0.99
        assert estimate.inliers.shape == (300,)
    table = pa.Table.from_batches([batch.slice(0, 2), batch.slice(2)])
    again = Estimator("essential", backend="cpu").estimate_batch(table)
    for estimate, other in zip(estimates, again, strict=True):
        np.testing.assert_array_equal(estimate.matrix, other.matrix)
    assert all(Estimator("fundamental").estimate_batch(pairs(camera=None)))
    with pytest.raises(BadInput, match="problem 0: .*intrinsics of both cameras"):
        Estimator("essential").estimate_batch(pairs(camera=None))
    with pytest.raises(BadInput, match="list of mappings for the pose model"):
        Estimator("pose").estimate_batch(batch)


def test_other_columns_are_told():
    with pytest.raises(BadInput, match="expected a column points2"):
        Verifier().verify_record_batch(pairs().drop_columns(["points2"]))
    with pytest.raises(BadInput, match="pair_id: expected Int64"):
        Verifier().verify_record_batch(pairs().set_column(0, "pair_id", pa.array(["a"] * len(SCENES))))
    for nothing in (None, [1, 2], pa.array([1, 2])):
        with pytest.raises(BadInput, match="expected a record batch or a table"):
            Verifier().verify_record_batch(nothing)


def test_one_pair():
    scene = SCENES[0]
    verifier = Verifier(backend="cpu")
    found = verifier.verify_pair(scene.points1, scene.points2, camera1=K, camera2=K, size1=(640, 480), size2=(640, 480))
    assert found["config"] == 2 and found["inliers"].dtype == np.uint32
    assert np.mean(scene.right[found["inliers"]]) > 0.95
    assert found["translation"] @ scene.translation > 0.99
    assert found["E"].shape == found["F"].shape == (3, 3)
    unknown = verifier.verify_pair(scene.points1, scene.points2)
    assert unknown["config"] == 3 and unknown["E"] is None and unknown["rotation"] is None
    few = verifier.verify_pair(scene.points1[:10], scene.points2[:10])
    assert few["config"] == 0 and few["F"] is None and len(few["inliers"]) == 0
    with pytest.raises(BadInput, match="points2: expected 300 entries, one a match, but there are 299"):
        verifier.verify_pair(scene.points1, scene.points2[1:])
    with pytest.raises(BadInput, match="coherent: expected none"):
        Verifier(coherent=False)
    assert Verifier(sampler="uniform", coherent=True).settings["coherent"]
