//! What an estimation found, as the package's `Estimate`.

use crate::arrays::{matrix_to_numpy, vector_to_numpy};
use glam::DMat3;
use nabla_ransac::data::OwnedProblem;
use nabla_ransac::ransac::Diagnosis;
use nabla_ransac::{Model, ModelKind, Outcome, Pose};
use numpy::PyArray1;
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyTuple, PyType};

static ESTIMATE: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// The `Estimate` of an outcome, with an entry of its mask for every match that was given.
pub(crate) fn to_python<'py>(
    py: Python<'py>,
    kind: ModelKind,
    outcome: &Outcome,
    problem: &OwnedProblem,
) -> PyResult<Bound<'py, PyAny>> {
    let (mask, estimate) = (problem.mask(outcome), outcome.estimate.as_ref());
    let (matrix, pose) = estimate.map_or((None, None), |estimate| parts(&estimate.model));
    let none = Diagnosis::default();
    let diagnosis = estimate.map_or(&none, |estimate| &estimate.diagnosis);
    let second_motion = diagnosis.second_motion.as_ref().map(|(motion, score)| {
        let rotation = matrix_to_numpy(py, &motion.rotation)?;
        (rotation, vector_to_numpy(py, motion.translation), *score).into_bound_py_any(py)
    });
    // in the order of its fields
    let fields = [
        kind.name().into_bound_py_any(py)?,
        estimate.is_some().into_bound_py_any(py)?,
        matrix_or_none(py, matrix.as_ref())?,
        matrix_or_none(py, pose.as_ref().map(|pose| &pose.rotation))?,
        pose.map(|pose| vector_to_numpy(py, pose.translation)).into_bound_py_any(py)?,
        PyArray1::from_slice(py, &mask).into_any(),
        mask.iter().filter(|&&inlier| inlier).count().into_bound_py_any(py)?,
        estimate.map_or(0.0, |estimate| estimate.score).into_bound_py_any(py)?,
        outcome.iterations.into_bound_py_any(py)?,
        outcome.confidence.into_bound_py_any(py)?,
        outcome.budget_spent.into_bound_py_any(py)?,
        diagnosis.planar.into_bound_py_any(py)?,
        diagnosis.rotation_only.into_bound_py_any(py)?,
        diagnosis.ambiguous.into_bound_py_any(py)?,
        diagnosis.rotation_undetermined.into_bound_py_any(py)?,
        second_motion.transpose()?.into_bound_py_any(py)?,
        matrix_or_none(py, diagnosis.homography.as_ref().map(|(homography, _)| homography))?,
    ];
    ESTIMATE.import(py, "nabla_ransac._estimate", "Estimate")?.call1(PyTuple::new(py, fields)?)
}

/// The matrix and the motion of a model.
fn parts(model: &Model) -> (Option<DMat3>, Option<Pose>) {
    match model {
        Model::Essential(pose) => (Some(pose.essential()), Some(*pose)),
        Model::Fundamental(matrix) | Model::Homography(matrix) => (Some(*matrix), None),
        Model::Pose(pose) | Model::Rigid(pose) => (None, Some(*pose)),
    }
}

/// A matrix as an array.
pub(crate) fn matrix_or_none<'py>(py: Python<'py>, matrix: Option<&DMat3>) -> PyResult<Bound<'py, PyAny>> {
    matrix.map(|matrix| matrix_to_numpy(py, matrix)).transpose()?.into_bound_py_any(py)
}
