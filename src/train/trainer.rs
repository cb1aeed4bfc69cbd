//! The loop: batches, steps, validation, checkpoints.

mod attempt;

use self::attempt::Attempt;
use super::adam::{Adam, Stepped};
use super::checkpoint::{Checkpoint, Progress, as_read};
use super::example::Example;
use super::footprint::Memory;
use super::networks::network::Network;
use super::objectives::validation::{Validation, validate};
use super::options::{OptimizerOptions, TrainOptions};
use crate::data::augment::usual_matches;
use crate::data::{Loader, PairRecord, PairSet, write_scene};
use crate::network::Weights;
use crate::{Error, Result};
use burn::module::Module;
use burn::tensor::Device;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A training: the network, its optimiser, and how far they have come.
#[derive(Debug)]
pub struct Trainer {
    options: TrainOptions,
    folder: PathBuf,
    record: serde_json::Value,
    device: Device,
    network: Network,
    adam: Adam,
    steps: usize,
    best: Option<Validation>,
    memory: Memory,
}

/// What a training tells while it runs.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// A step was taken.
    Step(StepReport),
    /// An epoch was validated.
    Validated {
        /// Epochs done.
        epoch: usize,
        /// Steps taken.
        step: usize,
        /// The figures.
        figures: Validation,
        /// Whether they are the best so far.
        is_best: bool,
    },
}

/// One step.
#[derive(Clone, Copy, Debug)]
pub struct StepReport {
    /// Steps taken, this one included.
    pub step: usize,
    /// Epoch that it belongs to, from 0.
    pub epoch: usize,
    /// Mean loss of its pairs.
    pub loss: f64,
    /// Norm of the gradient before clipping.
    pub gradient_norm: f64,
    /// Learning rate.
    pub learning_rate: f64,
    /// Pairs of the batch.
    pub pairs: usize,
    /// Matches of the batch.
    pub matches: usize,
    /// Parts that the step was taken in, so that each fits the device.
    pub parts: usize,
    /// Waiting for the batch.
    pub loading: Duration,
    /// The network, forward and backward, with the losses; of a GPU, until all that is handed to it.
    pub network: Duration,
    /// The step of the optimiser; of a GPU, until it has done the whole step.
    pub optimizer: Duration,
}

/// How a training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All epochs are done.
    Finished,
    /// It was asked to stop, and saved a checkpoint.
    Stopped,
}

impl Trainer {
    /// A training from the start, or from weights; its files go into a folder. The record goes into the weights' metadata.
    ///
    /// # Errors
    /// [`Error::BadOption`]; [`Error::File`] when the folder cannot be made.
    pub fn new(
        options: TrainOptions,
        folder: &Path,
        record: serde_json::Value,
        weights: Option<&Weights>,
        device: Device,
    ) -> Result<Self> {
        options.check()?;
        std::fs::create_dir_all(folder).map_err(|error| Error::file(folder, error))?;
        let fresh = Weights::initial(options.network, options.seed)?;
        let network = Network::new(weights.unwrap_or(&fresh), &device.clone().autodiff());
        let (adam, folder, memory) = (Adam::default(), folder.to_owned(), Memory::of_device(&device));
        Ok(Self { options, folder, record, device, network, adam, steps: 0, best: None, memory })
    }

    /// Goes on where the checkpoint in the folder was.
    ///
    /// # Errors
    /// [`Error::File`] when there is none, or it is of other options or data.
    pub fn resume(
        options: TrainOptions,
        folder: &Path,
        record: serde_json::Value,
        train: &PairSet,
        device: Device,
    ) -> Result<Self> {
        let path = folder.join(CHECKPOINT);
        let checkpoint = Checkpoint::read(&path)?;
        let progress = checkpoint.progress;
        if progress.options != as_read(&options) || progress.pairs != train.len() || progress.names != train.names() {
            let message = format!(
                "expected the options and the {} pairs of {:?} that the checkpoint's training has, but it had {} of {:?}, and {}",
                train.len(),
                train.names(),
                progress.pairs,
                progress.names,
                serde_json::to_string(&progress.options).unwrap_or_default()
            );
            return Err(Error::file(&path, message));
        }
        let network = Network::new(&checkpoint.weights, &device.clone().autodiff());
        let adam = Adam::from_state(checkpoint.adam, &device);
        let (steps, best, memory) = (progress.steps, progress.best, Memory::of_device(&device));
        Ok(Self { options, folder: folder.to_owned(), record, device, network, adam, steps, best, memory })
    }

    /// Takes the device to have so much memory, whatever it says: a step that does not fit is taken in parts, whose gradients
    /// are added up.
    #[must_use]
    pub fn with_memory(self, memory: Memory) -> Self {
        Self { memory, ..self }
    }

    /// Steps taken.
    pub const fn steps(&self) -> usize {
        self.steps
    }

    /// Steps of all epochs.
    pub fn total_steps(&self, train: &PairSet) -> usize {
        (self.options.init_epochs + self.options.epochs) * train.steps_per_epoch(self.options.batch)
    }

    /// Trains until all epochs are done or `stop` is set; then the weights and a checkpoint are in the folder.
    ///
    /// # Errors
    /// [`Error::BadOption`] for sets that are too small; [`Error::DeviceTooSmall`] for a device on which not even a pair fits;
    /// [`Error::TrainingDiverged`]; [`Error::File`]; those of the examples.
    pub fn run(
        &mut self,
        train: &Arc<PairSet>,
        val: &PairSet,
        stop: &AtomicBool,
        on_event: &mut dyn FnMut(Event),
    ) -> Result<Ending> {
        if train.len() < 2 {
            let (name, expected) = ("train", "at least two pairs");
            return Err(Error::BadOption { name, expected, found: train.len().to_string() });
        }
        let network = self.options.network;
        let example = move |record| Example::new(record, &network);
        let usual = |record: PairRecord| record.select(&usual_matches(&record));
        let val = (0..val.len()).map(|index| example(usual(val.pair(0, index)?))).collect::<Result<Vec<_>>>()?;
        let (last, per_epoch) = (self.total_steps(train), train.steps_per_epoch(self.options.batch));
        let mut loader =
            Loader::start(Arc::clone(train), &self.options.loader(), self.steps, move |record, _| example(record))?;
        while self.steps < last {
            let start = Instant::now();
            let batch = loader.next_batch()?;
            let report = self.step(&batch, per_epoch, start.elapsed())?;
            on_event(Event::Step(report));
            let ends_epoch = self.steps.is_multiple_of(per_epoch);
            if ends_epoch {
                self.end_epoch(self.steps / per_epoch, self.steps == last, &val, on_event)?;
            }
            let every = self.options.checkpoint_every;
            let stops = stop.load(Ordering::Relaxed);
            if ends_epoch || stops || (every > 0 && self.steps.is_multiple_of(every)) {
                self.save(train)?;
            }
            if stops && self.steps < last {
                return Ok(Ending::Stopped);
            }
        }
        self.weights(serde_json::json!(null))?.write(&self.folder.join("last.safetensors"), self.options.storage())?;
        Ok(Ending::Finished)
    }

    /// Takes one step; where the loss or its gradient is not finite the batch is saved and nothing is changed.
    fn step(&mut self, batch: &[Example], per_epoch: usize, loading: Duration) -> Result<StepReport> {
        let epoch = self.steps / per_epoch;
        let (optimizer, stage_step, stage_steps) = self.stage(per_epoch);
        let learning_rate = optimizer.rate(stage_step, stage_steps);
        let Attempt { stepped, statistics, network_time, optimizer_time } =
            self.fitting_attempt(batch, epoch, learning_rate, &optimizer)?;
        if let Some((what, value)) = stepped.not_finite() {
            return Err(self.not_finite(what, value, batch));
        }
        let Stepped { network, adam, loss, gradient_norm } = stepped;
        let parts = statistics.len();
        self.network = statistics.into_iter().fold(network, |network, seen| seen.absorbed_by(network));
        self.adam = adam;
        self.steps += 1;
        Ok(StepReport {
            step: self.steps,
            epoch,
            loss,
            gradient_norm,
            learning_rate,
            pairs: batch.len(),
            matches: batch.iter().map(|example| example.features.matches.len()).sum(),
            parts,
            loading,
            network: network_time,
            optimizer: optimizer_time,
        })
    }

    /// The optimiser of the present stage, the step in it and its steps; a stage starts with a fresh state.
    fn stage(&mut self, per_epoch: usize) -> (OptimizerOptions, usize, usize) {
        let init = self.options.init_epochs * per_epoch;
        if self.steps == init {
            self.adam = Adam::default();
        }
        match self.steps.checked_sub(init) {
            None => (self.options.init_optimizer, self.steps, init),
            Some(step) => (self.options.optimizer, step, self.options.epochs * per_epoch),
        }
    }

    fn end_epoch(
        &mut self,
        epoch: usize,
        is_last: bool,
        val: &[Example],
        on_event: &mut dyn FnMut(Event),
    ) -> Result<()> {
        let every = self.options.validate_every;
        if !is_last && (every == 0 || !epoch.is_multiple_of(every)) {
            return Ok(());
        }
        let figures = validate(&self.network.valid(), val, &self.options, &self.device)?;
        let quality = |figures: &Validation| figures.auroc + figures.auc[1];
        let is_best = self.best.as_ref().is_none_or(|best| quality(&figures) > quality(best));
        if is_best {
            self.best = Some(figures);
            let weights = self.weights(serde_json::json!({ "epoch": epoch, "val": figures }))?;
            weights.write(&self.folder.join(WEIGHTS), self.options.storage())?;
        }
        on_event(Event::Validated { epoch, step: self.steps, figures, is_best });
        Ok(())
    }

    fn weights(&self, figures: serde_json::Value) -> Result<Weights> {
        let mut record = self.record.clone();
        if let (Some(record), serde_json::Value::Object(figures)) = (record.as_object_mut(), figures) {
            record.extend(figures);
        }
        self.network.weights(self.options.network, record)
    }

    fn save(&self, train: &PairSet) -> Result<()> {
        let adam = self.adam.state()?;
        let weights = self.weights(serde_json::Value::Null)?;
        let (options, adam_steps) = (self.options.clone(), adam.steps);
        let progress = Progress {
            options,
            pairs: train.len(),
            names: train.names(),
            steps: self.steps,
            adam_steps,
            best: self.best,
        };
        Checkpoint { weights, adam, progress }.write(&self.folder.join(CHECKPOINT))
    }

    /// The error of a step whose figures are no numbers; its batch is saved to be looked at.
    fn not_finite(&self, what: &'static str, value: f64, batch: &[Example]) -> Error {
        let path = self.folder.join(BAD_BATCH);
        let records: Vec<_> = batch.iter().map(|example| example.record.clone()).collect();
        let saved = match write_scene(&path, &records, &[]) {
            Ok(()) => format!("its batch is in {}", path.display()),
            Err(error) => format!("its batch could not be saved: {error}"),
        };
        Error::TrainingDiverged { what, step: self.steps, value, saved }
    }
}

/// The file of a batch whose loss is not finite.
pub const BAD_BATCH: &str = "bad_batch.safetensors";
/// The file of a checkpoint in the folder of a training.
pub const CHECKPOINT: &str = "checkpoint.safetensors";
/// The file of the best weights on val.
pub const WEIGHTS: &str = "weights.safetensors";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ModelKind;
    use crate::data::{SyntheticOptions, SyntheticPairs};
    use crate::network::NetworkConfig;

    #[test]
    fn a_step_whose_loss_or_gradient_is_not_finite_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let network = NetworkConfig { channels: 16, blocks: 1, ..NetworkConfig::clnet(ModelKind::Essential) };
        let options = TrainOptions { network, ..TrainOptions::default() };
        let mut trainer = Trainer::new(options, folder.path(), serde_json::json!({}), None, Device::flex()).unwrap();
        let matches = SyntheticOptions { matches: [60, 100], ..SyntheticOptions::default() };
        let pairs = SyntheticPairs::new(matches, 1).unwrap();
        let pairs = PairSet::synthetic(pairs, 2, ModelKind::Essential).unwrap();
        let batch: Vec<_> =
            (0..2).map(|index| Example::new(pairs.pair(0, index).unwrap(), &network).unwrap()).collect();
        trainer.step(&batch, 10, Duration::ZERO).unwrap();
        let state = |trainer: &Trainer| {
            let weights = trainer.weights(serde_json::Value::Null).unwrap();
            (trainer.steps, trainer.adam.state().unwrap(), weights.tensors().clone())
        };
        let before = state(&trainer);
        // beyond f32, and with a square beyond it
        for (weight, expected) in [(1e300, "the loss"), (1e30, "the norm of the gradient")] {
            trainer.options.init_loss.bce = weight;
            let error = trainer.step(&batch, 10, Duration::ZERO).unwrap_err();
            assert!(matches!(error, Error::TrainingDiverged { what, .. } if what == expected), "{error}");
            assert!(state(&trainer) == before);
        }
    }
}
