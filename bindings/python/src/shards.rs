//! Batches of pairs in Arrow's memory, for engines that share work among machines.

use nabla_ransac::collection::shards::verify_record_batch as verify;
use nabla_ransac::collection::{Verifier, VerifyOptions};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3_arrow::PyRecordBatch;
use serde_json::{Map, Value};
use std::sync::{Arc, Mutex, PoisonError};

/// The verifier of the last call: engines call with the same options again and again, in processes of their own.
static LAST: Mutex<Option<(VerifyOptions, Arc<Verifier>)>> = Mutex::new(None);

/// The geometries of a record batch of pairs, a row a pair in their order.
#[pyfunction]
#[pyo3(signature = (batch, options=None, *, seed=0))]
pub(crate) fn verify_record_batch(
    py: Python<'_>,
    batch: PyRecordBatch,
    options: Option<&Bound<'_, PyDict>>,
    seed: u64,
) -> PyResult<PyRecordBatch> {
    let options = verify_options(py, options)?;
    let batch = batch.into_inner();
    let found = py.detach(|| verify(verifier(options)?.as_ref(), &batch, seed));
    found.map(PyRecordBatch::new).map_err(|error| PyValueError::new_err(error.to_string()))
}

fn verifier(options: VerifyOptions) -> nabla_ransac::Result<Arc<Verifier>> {
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((known, verifier)) = last.as_ref()
        && *known == options
    {
        return Ok(verifier.clone());
    }
    let verifier = Arc::new(Verifier::new(options.clone())?);
    *last = Some((options, verifier.clone()));
    Ok(verifier)
}

/// Those of a verifier and of its estimator, in one dictionary.
fn verify_options(py: Python<'_>, given: Option<&Bound<'_, PyDict>>) -> PyResult<VerifyOptions> {
    let defaults = VerifyOptions::default();
    let Some(given) = given else { return Ok(defaults) };
    let text: String = py.import("json")?.call_method1("dumps", (given,))?.extract()?;
    let wrong = |error: serde_json::Error| PyValueError::new_err(format!("options: {error}"));
    let mut given: Map<String, Value> = serde_json::from_str(&text).map_err(wrong)?;
    let mut take = |name: &str| given.remove(name).unwrap_or(Value::Null);
    let [alarms, share, watermark, multiple] =
        ["max_false_alarms", "min_essential_share", "detect_watermark", "multiple_models"].map(&mut take);
    let number = |value: Value, default: f64| if value.is_null() { Ok(default) } else { serde_json::from_value(value) };
    let flag = |value: Value, default: bool| if value.is_null() { Ok(default) } else { serde_json::from_value(value) };
    let mut estimator = serde_json::to_value(&defaults.estimator).map_err(wrong)?;
    let all = estimator.as_object_mut().ok_or_else(|| PyRuntimeError::new_err("options: expected a table"))?;
    all.extend(given);
    Ok(VerifyOptions {
        estimator: serde_json::from_value(estimator).map_err(wrong)?,
        max_false_alarms: number(alarms, defaults.max_false_alarms).map_err(wrong)?,
        min_essential_share: number(share, defaults.min_essential_share).map_err(wrong)?,
        detect_watermark: flag(watermark, defaults.detect_watermark).map_err(wrong)?,
        multiple_models: flag(multiple, defaults.multiple_models).map_err(wrong)?,
    })
}
