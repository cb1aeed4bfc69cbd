//! Where the stages run: on the CPU, on the GPU, in a host's frame.

pub(crate) mod cpu_pipeline;
pub(crate) mod estimator;
mod gpu_batch;
mod gpu_encode;
pub(crate) mod gpu_estimator;
mod gpu_last_stages;
mod gpu_outcomes;
pub(crate) mod gpu_pipeline;
pub(crate) mod gpu_plan;
mod gpu_pool;
pub(crate) mod gpu_ranking;
mod gpu_settings;
mod gpu_stream;
mod in_turns;
