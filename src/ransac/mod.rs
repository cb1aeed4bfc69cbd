//! The estimator: options, backend, pipeline, outcome. Knows nothing of files or of the command line.

mod estimator;
mod options;
mod outcome;
mod problem;

pub use estimator::Estimator;
pub use options::{Backend, Options, Sampler, Score};
pub use outcome::{Diagnosis, Estimate, Outcome};
pub use problem::Problem;
