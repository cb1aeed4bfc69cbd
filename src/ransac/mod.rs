//! The estimator: options, backend, pipeline, outcome. Independent of files and of the command line.

pub(crate) mod backend;
mod check;
mod options;
mod outcome;
mod problem;
pub(crate) mod stages;

#[cfg(feature = "cli")]
pub(crate) use backend::cpu_pipeline::estimate_from;

pub use crate::geometry::{EpipolarResidual, Score};
pub use backend::estimator::Estimator;
pub use backend::gpu_estimator::GpuEstimator;
pub use backend::gpu_pipeline::GpuPipeline;
pub use options::{Backend, Options, Sampler};
pub use outcome::{Diagnosis, Estimate, Outcome};
pub use problem::Problem;
pub use stages::weights::weights_of_logits;
