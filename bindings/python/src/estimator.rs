use crate::arrow::{is_arrow, problems_of};
use crate::errors::{bad_input, raise};
use crate::estimate::to_python;
use crate::keywords::{Keywords, by_name};
use crate::options::{self, Asked};
use crate::per_process::PerProcess;
use crate::problem::ProblemArguments;
use nabla_ransac::data::OwnedProblem;
use nabla_ransac::network::LearnedEstimator;
use nabla_ransac::{Error, ModelKind, Options, Outcome, Problem, Result};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping};
use std::sync::Arc;

/// Estimates models of one kind. Made once, used for any number of problems, from any number of threads.
#[pyclass(frozen, module = "nabla_ransac")]
pub(crate) struct Estimator {
    kind: ModelKind,
    asked: Asked,
    keywords: Option<Py<PyDict>>,
    made: PerProcess<LearnedEstimator>,
}

#[pymethods]
impl Estimator {
    #[new]
    #[pyo3(signature = (model, **options))]
    fn new(py: Python<'_>, model: &str, options: Option<Bound<'_, PyDict>>) -> PyResult<Self> {
        let mut keywords = Keywords::new(py, options.as_ref())?;
        let asked = Asked::take(&mut keywords, Options::default())?;
        keywords.finish()?;
        let keywords = options.map(Bound::unbind);
        Ok(Self { kind: by_name("model", model)?, asked, keywords, made: PerProcess::new() })
    }

    /// ``essential``, ``fundamental``, ``homography``, ``pose`` or ``rigid``.
    #[getter]
    const fn model(&self) -> &'static str {
        self.kind.name()
    }

    /// Where it works: the adapter's name, or ``CPU``.
    #[getter]
    fn device(&self, py: Python<'_>) -> PyResult<String> {
        Ok(self.made(py)?.estimator().device_name())
    }

    /// Every option, as it is in use.
    #[getter]
    fn settings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        options::to_python(py, self.made(py)?.estimator().options())
    }

    /// Estimates one model.
    #[expect(clippy::too_many_arguments, reason = "keyword arguments")]
    #[pyo3(signature = (
        points1, points2, *, ratios=None, weights=None, scales1=None, scales2=None, angles1=None, angles2=None,
        camera1=None, camera2=None, threshold_px=None, seed=0
    ))]
    fn estimate<'py>(
        &self,
        py: Python<'py>,
        points1: Bound<'py, PyAny>,
        points2: Bound<'py, PyAny>,
        ratios: Option<Bound<'py, PyAny>>,
        weights: Option<Bound<'py, PyAny>>,
        scales1: Option<Bound<'py, PyAny>>,
        scales2: Option<Bound<'py, PyAny>>,
        angles1: Option<Bound<'py, PyAny>>,
        angles2: Option<Bound<'py, PyAny>>,
        camera1: Option<Bound<'py, PyAny>>,
        camera2: Option<Bound<'py, PyAny>>,
        threshold_px: Option<f64>,
        seed: u64,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (scales, angles, cameras) = ([scales1, scales2], [angles1, angles2], [camera1, camera2]);
        let arguments =
            ProblemArguments { points1, points2, ratios, weights, scales, angles, cameras, threshold_px, seed };
        let problem = arguments.owned(self.kind)?;
        let estimator = self.made(py)?;
        let outcome = py.detach(|| estimator.estimate(&problem.problem(self.kind)?));
        to_python(py, self.kind, &outcome.map_err(raise)?, &problem)
    }

    /// Estimates one model a problem, in one call.
    #[pyo3(signature = (problems, *, seed=0, return_errors=false))]
    fn estimate_batch<'py>(
        &self,
        py: Python<'py>,
        problems: &Bound<'py, PyAny>,
        seed: u64,
        return_errors: bool,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let problems = if is_arrow(problems)? {
            problems_of(py, problems, self.kind, seed)?
        } else {
            problems.try_iter()?.map(|problem| Ok(self.of_mapping(&problem?))).collect::<PyResult<Vec<_>>>()?
        };
        let estimator = self.made(py)?;
        let ready: Vec<&OwnedProblem> = problems.iter().flatten().collect();
        let mut outcomes = py.detach(|| estimate_all(&estimator, self.kind, &ready)).into_iter();
        let each = problems.into_iter().enumerate().map(|(place, problem)| {
            let found = problem.and_then(|problem| {
                let outcome = outcomes.next().unwrap_or_else(no_answer).map_err(raise)?;
                to_python(py, self.kind, &outcome, &problem)
            });
            match found.map_err(|error| placed(py, &error, place)) {
                Err(error) if return_errors => Ok(error.into_value(py).into_bound(py).into_any()),
                found => found,
            }
        });
        each.collect()
    }

    fn __repr__(&self) -> String {
        format!("Estimator({:?})", self.kind.name())
    }

    /// For pickle: the other process makes its own.
    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> ((&'static str,), Bound<'py, PyDict>) {
        let keywords = self.keywords.as_ref().map(|keywords| keywords.bind(py).clone());
        ((self.kind.name(),), keywords.unwrap_or_else(|| PyDict::new(py)))
    }
}

impl Estimator {
    fn made(&self, py: Python<'_>) -> PyResult<Arc<LearnedEstimator>> {
        py.detach(|| self.made.get(|| self.asked.estimator(self.kind))).map_err(raise)
    }

    fn of_mapping(&self, problem: &Bound<'_, PyAny>) -> PyResult<OwnedProblem> {
        let Ok(mapping) = problem.cast::<PyMapping>() else {
            let found = problem.get_type().name()?;
            return Err(bad_input(format!("expected a mapping with points1 and points2, but it is a {found}")));
        };
        ProblemArguments::of_mapping(Keywords::of_mapping(mapping)?)?.owned(self.kind)
    }
}

fn estimate_all(estimator: &LearnedEstimator, kind: ModelKind, problems: &[&OwnedProblem]) -> Vec<Result<Outcome>> {
    let problems: Vec<Result<Problem<'_>>> = problems.iter().map(|problem| problem.problem(kind)).collect();
    let ready: Vec<Problem<'_>> = problems.iter().flatten().copied().collect();
    let mut outcomes = estimator.estimate_batch(&ready).into_iter();
    problems.into_iter().map(|problem| problem.and_then(|_| outcomes.next().unwrap_or_else(no_answer))).collect()
}

fn no_answer() -> Result<Outcome> {
    Err(Error::Device("the batch gave no answer".to_owned()))
}

/// The same error, which says of which problem it is.
fn placed(py: Python<'_>, error: &PyErr, place: usize) -> PyErr {
    PyErr::from_type(error.get_type(py), format!("problem {place}: {}", error.value(py)))
}
