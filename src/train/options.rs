use super::objectives::end_to_end::EndToEnd;
use super::objectives::initialisation::InitialisationLoss;
use crate::data::{Augmentation, LoaderOptions, SyntheticOptions};
use crate::network::{NetworkConfig, Storage};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Options of a training, as in its TOML file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainOptions {
    /// The network, and the model whose inliers it learns to find.
    pub network: NetworkConfig,
    /// Seed of the weights to start from, of the order of the pairs and of their augmentation.
    pub seed: u64,
    /// Pairs of a step.
    pub batch: usize,
    /// Most pairs that go through the network together, fewer where the device is too small; the gradients of a step's are
    /// added up, which changes them by rounding alone (but for CLNet, whose batch norms see the pairs of a part). 0 takes all of
    /// a step where they fit.
    pub micro_batch: usize,
    /// Epochs of the initialisation, on the truth of each match.
    pub init_epochs: usize,
    /// Epochs end to end, through sampling and solving, after the initialisation.
    pub epochs: usize,
    /// Losses of the initialisation.
    pub init_loss: InitialisationLoss,
    /// Losses of the end-to-end stage.
    pub end_to_end: EndToEnd,
    /// Optimiser of the initialisation.
    pub init_optimizer: OptimizerOptions,
    /// Optimiser of the end-to-end stage.
    pub optimizer: OptimizerOptions,
    /// Changes of the pairs in training.
    pub augmentation: Augmentation,
    /// Random pairs of an epoch, besides those of the files.
    pub synthetic: usize,
    /// What random pairs are like.
    pub synthetic_pairs: SyntheticOptions,
    /// Threads that load pairs.
    pub loader_threads: usize,
    /// Validate every so many epochs; 0 only at the end.
    pub validate_every: usize,
    /// Hypotheses of the estimator in validation.
    pub validation_iterations: u32,
    /// Save a checkpoint every so many steps, besides the end of each epoch; 0 only there.
    pub checkpoint_every: usize,
    /// Store the weights as half-precision numbers; checkpoints are not.
    pub half: bool,
}

/// Options of Adam and of its learning rate: a linear rise over the warm-up, then half a cosine down to the last rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OptimizerOptions {
    /// Highest learning rate.
    pub learning_rate: f64,
    /// Learning rate at the end, as a part of the highest.
    pub final_part: f64,
    /// Part of the stage that the rise takes.
    pub warm_up_part: f64,
    /// Largest norm of the gradient over all weights; 0 does not clip.
    pub clip_norm: f64,
    /// Decoupled weight decay (Loshchilov and Hutter 2019).
    pub weight_decay: f64,
}

impl Default for OptimizerOptions {
    fn default() -> Self {
        Self { learning_rate: 3e-3, final_part: 0.02, warm_up_part: 0.05, clip_norm: 1.0, weight_decay: 1e-3 }
    }
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self {
            network: NetworkConfig::default(),
            seed: 0,
            batch: 11,
            micro_batch: 0,
            init_epochs: 8,
            epochs: 0,
            init_loss: InitialisationLoss::default(),
            end_to_end: EndToEnd::default(),
            init_optimizer: OptimizerOptions::default(),
            optimizer: OptimizerOptions { learning_rate: 3e-4, ..OptimizerOptions::default() },
            augmentation: Augmentation::default(),
            synthetic: 0,
            synthetic_pairs: SyntheticOptions::default(),
            loader_threads: 1,
            validate_every: 1,
            validation_iterations: 20,
            checkpoint_every: 0,
            half: false,
        }
    }
}

impl TrainOptions {
    /// Reads a TOML file; what it does not say is the default.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be read or has unknown keys.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| Error::file(path, error))?;
        toml::from_str(&text).map_err(|error| Error::file(path, error))
    }

    pub(super) const fn storage(&self) -> Storage {
        if self.half { Storage::F16 } else { Storage::F32 }
    }

    pub(super) fn loader(&self) -> LoaderOptions {
        let (seed, batch, threads) = (self.seed, self.batch, self.loader_threads);
        LoaderOptions { seed, batch, threads, augmentation: self.augmentation.clone(), ..LoaderOptions::default() }
    }

    /// # Errors
    /// [`Error::BadOption`] with the first value out of range.
    pub fn check(&self) -> Result<()> {
        self.network.check()?;
        let at_least = |name, expected, value: usize, least: usize| match value >= least {
            true => Ok(()),
            false => Err(Error::BadOption { name, expected, found: value.to_string() }),
        };
        at_least("batch", "at least 1", self.batch, 1)?;
        at_least("init-epochs and epochs", "at least 1 together", self.init_epochs + self.epochs, 1)?;
        self.end_to_end.check(self.network.model)?;
        self.augmentation.check()?;
        self.init_optimizer.check()?;
        self.optimizer.check()
    }
}

impl OptimizerOptions {
    /// # Errors
    /// [`Error::BadOption`] with the first value out of range.
    pub(super) fn check(&self) -> Result<()> {
        if !(0.0..=1.0).contains(&self.warm_up_part) {
            let (name, expected, found) = ("warm_up_part", "in 0..=1", self.warm_up_part.to_string());
            return Err(Error::BadOption { name, expected, found });
        }
        let rates = [self.learning_rate, self.final_part, self.clip_norm, self.weight_decay];
        if let Some(wrong) = rates.into_iter().find(|rate| !(rate.is_finite() && *rate >= 0.0)) {
            let (name, expected) = ("learning_rate, final_part, clip_norm, weight_decay", "finite, 0 or more");
            return Err(Error::BadOption { name, expected, found: wrong.to_string() });
        }
        Ok(())
    }

    /// The learning rate of a step of a stage of so many steps.
    pub fn rate(&self, step: usize, steps: usize) -> f64 {
        let rise = (self.warm_up_part * steps as f64).ceil();
        let step = step as f64;
        if step < rise {
            return self.learning_rate * (step + 1.0) / rise;
        }
        let done = (step - rise) / (steps as f64 - rise).max(1.0);
        let fall = 0.5 * (1.0 + (std::f64::consts::PI * done.min(1.0)).cos());
        self.learning_rate * (self.final_part + (1.0 - self.final_part) * fall)
    }
}
