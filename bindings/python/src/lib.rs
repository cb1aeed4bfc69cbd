//! Python bindings.

mod shards;

use pyo3::prelude::*;

#[pymodule]
fn _nabla_ransac(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(shards::verify_record_batch, module)?)
}
