use super::in_turns::estimate_in_turns;
#[cfg(not(target_arch = "wasm32"))]
use super::{cpu_pipeline, in_turns::estimate_on_threads};
use crate::ransac::{Backend, GpuEstimator, Options, Outcome, Problem};
use crate::{Error, Result, gpu::Context};

/// The estimator: made once, used for any number of problems.
#[derive(Debug)]
pub struct Estimator {
    options: Options,
    gpu: Option<GpuEstimator>,
}

impl Estimator {
    /// An estimator on the backend the options name; blocks while a device is asked for.
    ///
    /// # Errors
    /// [`Error::BadOption`]; [`Error::NoAdapter`] for [`Backend::Gpu`] where there is none.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn new(options: Options) -> Result<Self> {
        pollster::block_on(Self::new_async(options))
    }

    /// [`Self::new`], without blocking.
    ///
    /// # Errors
    /// Those of [`Self::new`].
    pub async fn new_async(options: Options) -> Result<Self> {
        options.check()?;
        let context = match options.backend {
            Backend::Cpu => None,
            Backend::Gpu => Some(Context::request(true).await?),
            Backend::Auto => match Context::request(false).await {
                Err(Error::NoAdapter { .. }) => None,
                found => Some(found?),
            },
        };
        let gpu = context.map(|context| GpuEstimator::new(context, options.clone())).transpose()?;
        Ok(Self { options, gpu })
    }

    /// An estimator on the host's own device and queue.
    ///
    /// # Errors
    /// [`Error::BadOption`].
    pub fn from_device(device: wgpu::Device, queue: wgpu::Queue, options: Options) -> Result<Self> {
        let gpu = Some(GpuEstimator::new(Context::from_device(device, queue), options.clone())?);
        Ok(Self { options, gpu })
    }

    /// An estimator with these options where this one works, whatever backend they name.
    ///
    /// # Errors
    /// [`Error::BadOption`].
    pub fn with_options(&self, options: Options) -> Result<Self> {
        options.check()?;
        let beside = |gpu: &GpuEstimator| GpuEstimator::new(gpu.context().clone(), options.clone());
        let gpu = self.gpu.as_ref().map(beside).transpose()?;
        Ok(Self { options, gpu })
    }

    /// Its options.
    pub const fn options(&self) -> &Options {
        &self.options
    }

    /// Where the work runs: [`Backend::Gpu`] or [`Backend::Cpu`], never [`Backend::Auto`].
    pub const fn backend(&self) -> Backend {
        if self.gpu.is_some() { Backend::Gpu } else { Backend::Cpu }
    }

    /// The GPU it works on, if it does: for a [`GpuRanker`](crate::network::GpuRanker) on the same device.
    pub fn context(&self) -> Option<&Context> {
        self.gpu.as_ref().map(GpuEstimator::context)
    }

    /// The name of the adapter, or `CPU`.
    pub fn device_name(&self) -> String {
        self.gpu.as_ref().map_or_else(|| "CPU".to_owned(), |gpu| gpu.context().name())
    }

    /// Estimates one model.
    ///
    /// # Errors
    /// What is wrong with the problem; see [`Error`]. No model found is an outcome, no error.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn estimate(&self, problem: &Problem<'_>) -> Result<Outcome> {
        let no_answer = || Err(Error::Device("the GPU gave no answer".to_owned()));
        match &self.gpu {
            None => cpu_pipeline::estimate(problem, &self.options),
            Some(gpu) => gpu.estimate_batch(std::slice::from_ref(problem)).pop().unwrap_or_else(no_answer),
        }
    }

    /// Estimates one model a problem; each has its own result.
    ///
    /// On the CPU the problems are shared out among [`Options::threads`]; on the GPU they go in as few submissions as the
    /// memory allows.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn estimate_batch(&self, problems: &[Problem<'_>]) -> Vec<Result<Outcome>> {
        match &self.gpu {
            None => estimate_on_threads(problems, &self.options),
            Some(gpu) => gpu.estimate_batch(problems),
        }
    }

    /// [`Self::estimate_batch`] for an executor that is not to be held up: on a GPU each poll prepares one submission at most; on the
    /// CPU, and with [`Options::use_all`], it takes as many problems as there are threads, and is done when these are.
    pub async fn estimate_batch_async(&self, problems: &[Problem<'_>]) -> Vec<Result<Outcome>> {
        match &self.gpu {
            None => estimate_in_turns(problems, &self.options).await,
            Some(gpu) => gpu.estimate_batch_async(problems).await,
        }
    }
}
