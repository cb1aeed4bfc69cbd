//! The estimator: options, backend, pipeline, outcome. Knows nothing of files or of the command line.

mod check;
mod coherence;
mod competition;
mod cpu_pipeline;
mod diagnosis;
mod estimator;
mod final_score;
mod gpu_batch;
mod gpu_estimator;
mod gpu_finish;
mod gpu_pipeline;
mod options;
mod outcome;
mod problem;
pub(crate) mod schedule;
mod search;
mod stopping;
mod use_all;
mod weights;

#[cfg(feature = "cli")]
pub(crate) use cpu_pipeline::estimate_from;

pub use crate::cpu::residual::EpipolarResidual;
pub use estimator::Estimator;
pub use gpu_estimator::GpuEstimator;
pub use gpu_pipeline::GpuPipeline;
pub use options::{Backend, Options, Sampler, Score};
pub use outcome::{Diagnosis, Estimate, Outcome};
pub use problem::Problem;
pub use weights::weights_of_logits;
