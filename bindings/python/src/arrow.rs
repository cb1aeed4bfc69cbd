//! Record batches and tables by the Arrow PyCapsule interface, without copying their columns.

use crate::errors::{bad_input, raise_of_batch};
use arrow_array::RecordBatch;
use nabla_ransac::ModelKind;
use nabla_ransac::collection::Verifier;
use nabla_ransac::collection::shards::{geometries_schema, records, verify_record_batch};
use nabla_ransac::data::OwnedProblem;
use pyo3::prelude::*;
use pyo3_arrow::input::AnyRecordBatch;
use pyo3_arrow::{PyRecordBatch, PyTable};

/// Whether a value has the interface.
pub(crate) fn is_arrow(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(value.hasattr("__arrow_c_array__")? || value.hasattr("__arrow_c_stream__")?)
}

/// The problems of a batch or table of pairs.
pub(crate) fn problems_of(
    py: Python<'_>,
    value: &Bound<'_, PyAny>,
    kind: ModelKind,
    seed: u64,
) -> PyResult<Vec<PyResult<OwnedProblem>>> {
    if !matches!(kind, ModelKind::Essential | ModelKind::Fundamental) {
        let name = kind.name();
        return Err(bad_input(format!("expected a list of mappings for the {name} model, but got Arrow's data")));
    }
    let batches = batches(value)?;
    let read = || -> nabla_ransac::Result<Vec<_>> {
        let mut problems = Vec::new();
        for batch in &batches {
            for pair in records(batch, kind, seed)? {
                problems.push(pair.record.map(|record| OwnedProblem::new(record, None, pair.seed)));
            }
        }
        Ok(problems)
    };
    let problems = py.detach(read).map_err(raise_of_batch)?;
    Ok(problems.into_iter().map(|problem| problem.map_err(raise_of_batch)).collect())
}

/// Geometries of a batch as a batch, of a table as a table; of pyarrow's types.
pub(crate) fn verify_batch<'py>(
    py: Python<'py>,
    verifier: &Verifier,
    value: &Bound<'py, PyAny>,
    seed: u64,
) -> PyResult<Bound<'py, PyAny>> {
    let is_batch = value.hasattr("__arrow_c_array__")?;
    let batches = batches(value)?;
    let verify = || batches.iter().map(|batch| verify_record_batch(verifier, batch, seed)).collect();
    let verified: nabla_ransac::Result<Vec<RecordBatch>> = py.detach(verify);
    let mut verified = verified.map_err(raise_of_batch)?;
    match (is_batch, verified.pop()) {
        (true, Some(batch)) => PyRecordBatch::new(batch).into_pyarrow(py),
        (_, last) => {
            verified.extend(last);
            PyTable::try_new(verified, geometries_schema())?.into_pyarrow(py)
        }
    }
}

fn batches(value: &Bound<'_, PyAny>) -> PyResult<Vec<RecordBatch>> {
    let wrong = |error: &dyn std::fmt::Display| bad_input(format!("expected a record batch or a table: {error}"));
    let input: AnyRecordBatch = value.extract().map_err(|error: PyErr| wrong(&error.value(value.py())))?;
    let reader = input.into_reader().map_err(|error| wrong(&error.value(value.py())))?;
    reader.collect::<Result<_, _>>().map_err(|error| wrong(&error))
}
