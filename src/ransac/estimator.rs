use super::{Backend, Options, Outcome, Problem};
use crate::Result;

/// The estimator: made once, used for any number of problems.
#[derive(Debug)]
pub struct Estimator {
    options: Options,
}

impl Estimator {
    /// An estimator on the backend the options name; blocks while a device is asked for.
    ///
    /// # Errors
    /// [`Error::BadOption`](crate::Error::BadOption); [`Error::NoAdapter`](crate::Error::NoAdapter) for
    /// [`Backend::Gpu`] where there is none.
    pub fn new(options: Options) -> Result<Self> {
        options.check()?;
        Ok(Self { options })
    }

    /// Its options.
    pub const fn options(&self) -> &Options {
        &self.options
    }

    /// Where the work runs: [`Backend::Gpu`] or [`Backend::Cpu`], never [`Backend::Auto`].
    pub const fn backend(&self) -> Backend {
        Backend::Cpu
    }

    /// The name of the adapter, or `CPU`.
    pub fn device_name(&self) -> String {
        "CPU".to_owned()
    }

    /// Estimates one model.
    ///
    /// # Errors
    /// What is wrong with the problem; see [`Error`](crate::Error). No model found is an outcome, no error.
    pub fn estimate(&self, problem: &Problem<'_>) -> Result<Outcome> {
        super::cpu_pipeline::estimate(problem, &self.options)
    }

    /// Estimates one model a problem; each has its own result.
    pub fn estimate_batch(&self, problems: &[Problem<'_>]) -> Vec<Result<Outcome>> {
        problems.iter().map(|problem| self.estimate(problem)).collect()
    }
}
