use crate::errors::raise;
use crate::keywords::by_name;
use crate::problem::ProblemArguments;
use nabla_ransac::cpu::rank::predict_logits::sigmoid;
use nabla_ransac::network::{RankInput, Ranker};
use nabla_ransac::{ModelKind, Result};
use numpy::PyArray1;
use pyo3::prelude::*;
use std::sync::{Arc, Mutex, PoisonError};

static RANKERS: Mutex<Vec<(ModelKind, Arc<Ranker>)>> = Mutex::new(Vec::new());

/// The shipped network of a model, read once.
fn ranker(kind: ModelKind) -> Result<Arc<Ranker>> {
    let mut rankers = RANKERS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, ranker)) = rankers.iter().find(|(of, _)| *of == kind) {
        return Ok(ranker.clone());
    }
    let ranker = Arc::new(Ranker::shipped(kind)?);
    rankers.push((kind, ranker.clone()));
    Ok(ranker)
}

/// How likely each match is right, as the network that ships for the model says; or, with ``logits``, the logarithm of the odds.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "keyword arguments")]
#[pyo3(signature = (
    model, points1, points2, *, ratios=None, scales1=None, scales2=None, angles1=None, angles2=None, camera1=None,
    camera2=None, logits=false
))]
pub(crate) fn rank<'py>(
    py: Python<'py>,
    model: &str,
    points1: Bound<'py, PyAny>,
    points2: Bound<'py, PyAny>,
    ratios: Option<Bound<'py, PyAny>>,
    scales1: Option<Bound<'py, PyAny>>,
    scales2: Option<Bound<'py, PyAny>>,
    angles1: Option<Bound<'py, PyAny>>,
    angles2: Option<Bound<'py, PyAny>>,
    camera1: Option<Bound<'py, PyAny>>,
    camera2: Option<Bound<'py, PyAny>>,
    logits: bool,
) -> PyResult<Bound<'py, PyArray1<f32>>> {
    let kind = by_name("model", model)?;
    let (scales, angles, cameras) = ([scales1, scales2], [angles1, angles2], [camera1, camera2]);
    let (weights, threshold_px, seed) = (None, None, 0);
    let arguments = ProblemArguments { points1, points2, ratios, weights, scales, angles, cameras, threshold_px, seed };
    let problem = arguments.owned(kind)?;
    let found = py.detach(|| ranker(kind)?.logits(&RankInput::of(&problem.problem(kind)?))).map_err(raise)?;
    // what is seen along no ray is never right
    let mut all = problem.of_all(&found, f32::NEG_INFINITY);
    if !logits {
        all.iter_mut().for_each(|value| *value = sigmoid(*value));
    }
    Ok(PyArray1::from_vec(py, all))
}
