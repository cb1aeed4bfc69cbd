"""What may be given, and what is said of what may not."""

import numpy as np
import pytest
from scenes import K, point_sets, two_views

import nabla_ransac
from nabla_ransac import BadInput, DeviceError, Estimator, FileError, NablaRansacError

SCENE = two_views(noise=0.2)


def unaligned(array):
    packed = np.zeros(len(array), dtype=[("pad", "u1"), ("xy", "f8", (2,))])
    packed["xy"] = array
    return packed["xy"]


FORMS = {
    "list": lambda a: a.tolist(),
    "f64": lambda a: a,
    "fortran": np.asfortranarray,
    "every second row": lambda a: np.repeat(a, 2, axis=0)[::2],
    "columns of more": lambda a: np.column_stack([a, a])[:, :2],
    "backwards": lambda a: a[::-1].copy()[::-1],
    "big endian": lambda a: a.astype(">f8"),
    "unaligned": unaligned,
    "read-only": lambda a: np.frombuffer(a.tobytes()).reshape(a.shape),
    "array interface": lambda a: type("Array", (), {"__array__": lambda self, dtype=None, copy=None: a})(),
}


@pytest.mark.parametrize("form", FORMS)
def test_points_in_every_form(form):
    estimator = Estimator("fundamental", backend="cpu")
    expected = estimator.estimate(SCENE.points1, SCENE.points2)
    found = estimator.estimate(FORMS[form](SCENE.points1), FORMS[form](SCENE.points2))
    np.testing.assert_array_equal(found.matrix, expected.matrix)


@pytest.mark.parametrize("dtype", ["f4", "f2", "i8", "u2"])
def test_points_of_every_type_of_number(dtype):
    points1, points2 = (np.round(points).clip(0).astype(dtype) for points in (SCENE.points1, SCENE.points2))
    estimator = Estimator("fundamental", backend="cpu", threshold_px=2)
    found = estimator.estimate(points1, points2)
    expected = estimator.estimate(points1.astype(float), points2.astype(float))
    np.testing.assert_array_equal(found.matrix, expected.matrix)


def bad(match, model="fundamental", points1=SCENE.points1, points2=SCENE.points2, **arguments):
    with pytest.raises(BadInput, match=match) as raised:
        nabla_ransac.estimate(model, points1, points2, **arguments)
    assert "\n" not in str(raised.value)
    assert isinstance(raised.value, ValueError) and isinstance(raised.value, NablaRansacError)


def test_shapes_are_named():
    bad(r"points1: expected shape \(n, 2\), but it is \(300, 3\)", points1=np.zeros((300, 3)))
    bad(r"points2: expected shape \(n, 2\), but it is \(600,\)", points2=SCENE.points2.ravel())
    bad(r"points2: expected shape \(n, 3\), but it is \(300, 2\)", "rigid", point_sets().points1)
    bad(r"points1: expected numbers", points1=[["a", "b"]])
    bad(r"points1: expected numbers", points1=[[1, 2], [3]])
    bad(r"points1: expected shape \(n, 2\), but it is \(\)", points1=None)
    bad(r"ratios: expected shape \(n,\), but it is \(2, 3\)", ratios=np.ones((2, 3)))
    bad(r"ratio: expected 300 entries, one a match, but there are 5", ratios=np.ones(5))
    bad(r"expected 300 entries, one a match, but there are 299", points2=SCENE.points2[1:])
    bad(r"scales1 and scales2: expected both", scales1=np.ones(300))


def test_numbers_that_are_none():
    for value in (np.nan, np.inf):
        points = SCENE.points1.copy()
        points[7, 1] = value
        bad("of match 7 must be finite", points1=points)
        bad("of match 7 must be finite", "essential", points1=points, camera1=K, camera2=K)
    ratios = np.ones(300)
    ratios[3] = np.nan
    bad("SNN ratio of match 3 must be finite", ratios=ratios, sampler="ratio")
    bad("weights must be non-negative", weights=-np.ones(300))


def test_too_few_and_degenerate():
    bad("needs at least 7 different matches to sample from, but there are 0", points1=[], points2=[])
    bad("needs at least 7", points1=SCENE.points1[:6], points2=SCENE.points2[:6])
    line = np.column_stack([np.arange(300.0), 2 * np.arange(300.0)])
    bad("must not all lie on one line", points1=line)
    bad("must not all lie on one point", points1=np.ones((300, 2)))


def test_cameras():
    bad("needs the intrinsics of both cameras", "essential")
    bad("needs the intrinsics of both cameras", "essential", camera1=K)
    bad("camera1: expected none, for the fundamental model has no use for it", camera1=K)
    bad(r"camera1: expected a 3×3 matrix.* but its shape is \(2, 2\)", "essential", camera1=np.eye(2), camera2=K)
    bad("camera1: expected an upper triangular matrix", "essential", camera1=K.T, camera2=K)
    bad("camera1: .*focal", "essential", camera1=-K * [[1], [1], [-1]], camera2=K)
    bad("camera 2: all intrinsics must be finite", "essential", camera1=K, camera2=(np.nan, 1, 1, 1))
    for camera, message in (
        ({"model": "LENS", "params": [1]}, "LENS"),
        ({"model": "PINHOLE", "params": [1, 2]}, "PINHOLE"),
        ({"model": "PINHOLE"}, "no params"),
        ({"model": "PINHOLE", "params": [1, 2, 3, 4], "height": -1}, "height"),
    ):
        bad(f"camera2: .*{message}", "essential", camera1=K, camera2=camera)


def test_options():
    bad("option threshold_px: expected a number above 0", threshold_px=0)
    for options, message in (
        ({"threshold_px": -1.0}, "option threshold_px: expected a number above 0"),
        ({"threshold_px": "wide"}, "threshold_px: must be real number"),
        ({"confidence": 1.5}, "option confidence: expected a number in 0..1"),
        ({"max_iterations": -1}, "max_iterations: "),
        ({"sampler": "best"}, "sampler: unknown variant `best`, expected one of `auto`"),
        ({"backend": "cuda"}, "backend: unknown variant `cuda`"),
        ({"score": "lmeds"}, "score: unknown variant"),
    ):
        with pytest.raises(BadInput, match=message):
            Estimator("fundamental", **options)
    with pytest.raises(BadInput, match="model: unknown variant `affine`, expected one of `essential`"):
        Estimator("affine")
    with pytest.raises(TypeError, match="unexpected keyword argument 'treshold'; expected some of .*threshold_px"):
        Estimator("fundamental", treshold=1)
    with pytest.raises(TypeError):
        nabla_ransac.estimate("fundamental", SCENE.points1, SCENE.points2, treshold=1)


def test_one_bound_of_the_iterations_moves_the_other():
    settings = Estimator("rigid", max_iterations=10).settings
    assert settings["min_iterations"] == settings["max_iterations"] == 10
    settings = Estimator("rigid", min_iterations=20_000).settings
    assert settings["min_iterations"] == settings["max_iterations"] == 20_000


def test_none_is_the_default():
    given = dict.fromkeys(("threshold_px", "score", "residual", "threads", "confidence", "coherent", "max_iterations"))
    assert Estimator("rigid", **given).settings == Estimator("rigid").settings
    assert Estimator("rigid", score="magsacpp").settings == Estimator("rigid", score="magsac++").settings


def test_types_of_the_exceptions(tmp_path):
    assert issubclass(FileError, OSError) and issubclass(DeviceError, RuntimeError)
    assert BadInput.__module__ == "nabla_ransac"
    with pytest.raises(FileError, match=r"none\.db"):
        nabla_ransac.verify(tmp_path / "none.db")
    text = tmp_path / "text.db"
    text.write_text("no database\n" * 100)
    with pytest.raises(FileError, match=r"text\.db"):
        nabla_ransac.verify(text)
