//! Where the stages run: on the CPU, on the GPU, in a host's frame.

pub(crate) mod cpu_pipeline;
pub(crate) mod estimator;
pub(crate) mod gpu_batch;
pub(crate) mod gpu_estimator;
mod gpu_last_stages;
pub(crate) mod gpu_pipeline;
