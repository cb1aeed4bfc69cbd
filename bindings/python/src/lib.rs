//! Python bindings. What is computed is computed in the library; here arrays, cameras and errors change their types.

mod arrays;
mod arrow;
mod cameras;
mod errors;
mod estimate;
mod estimator;
mod keywords;
mod options;
mod per_process;
mod problem;
mod rank;
mod verifier;
mod verify;

use pyo3::prelude::*;

#[pymodule]
mod _nabla_ransac {
    #[pymodule_export]
    use super::estimator::Estimator;
    #[pymodule_export]
    use super::rank::rank;
    #[pymodule_export]
    use super::verifier::Verifier;
    #[pymodule_export]
    use super::verify::verify;
}
