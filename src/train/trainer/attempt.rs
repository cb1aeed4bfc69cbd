//! A step of a training as it is computed, in parts that fit the device.

use super::Trainer;
use crate::data::synthetic::problems::pair_seed;
use crate::train::adam::Stepped;
use crate::train::batch::PackedFeatures;
use crate::train::example::Example;
use crate::train::footprint::Workload;
use crate::train::networks::batch_norm::BatchStatistics;
use crate::train::networks::network::{Network, TrainingPass};
use crate::train::objectives::end_to_end::Objective;
use crate::train::objectives::initialisation::MatchTruth;
use crate::train::options::{OptimizerOptions, TrainOptions};
use crate::{Error, Result};
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::Tensor;
use std::ops::Range;
use std::time::{Duration, Instant};

/// A step that is computed, but not taken.
pub(super) struct Attempt {
    pub(super) stepped: Stepped<Network>,
    /// Of each part.
    pub(super) statistics: Vec<BatchStatistics>,
    pub(super) network_time: Duration,
    pub(super) optimizer_time: Duration,
}

/// What a part of a step adds to it.
struct Part {
    /// \[1\]: to its mean loss.
    loss: Tensor<1>,
    gradients: GradientsParams,
    /// What the network has to absorb.
    statistics: BatchStatistics,
}

impl Trainer {
    /// Computes a step in parts that fit the device, which may have less memory than it said.
    pub(super) fn fitting_attempt(
        &mut self,
        batch: &[Example],
        epoch: usize,
        rate: f64,
        optimizer: &OptimizerOptions,
    ) -> Result<Attempt> {
        let TrainOptions { network, end_to_end, init_epochs, micro_batch, .. } = &self.options;
        let sampled = (epoch >= *init_epochs).then(|| (end_to_end.solver(network.model), end_to_end.hypotheses));
        let workload = Workload { network: *network, sampled };
        let matches: Vec<usize> = batch.iter().map(|pair| pair.features.matches.len()).collect();
        let most = if *micro_batch == 0 { batch.len() } else { *micro_batch };
        loop {
            let parts = workload.parts(&matches, most, &self.memory)?;
            let attempt = self.attempt(batch, &parts, epoch, rate, optimizer);
            match (attempt, workload.less_than(&parts, &matches)) {
                (Err(Error::Device(_)), Some(less)) => {
                    self.memory.total = less;
                    self.device.memory_cleanup();
                }
                (attempt, _) => return attempt,
            }
        }
    }

    /// Computes a step in these parts of the batch, whose gradients add up.
    fn attempt(
        &self,
        batch: &[Example],
        parts: &[Range<usize>],
        epoch: usize,
        rate: f64,
        optimizer: &OptimizerOptions,
    ) -> Result<Attempt> {
        let start = Instant::now();
        let mut loss = Tensor::zeros([1], &self.device);
        let mut gradients = GradientsAccumulator::new();
        let mut statistics = Vec::new();
        for part in parts {
            let part = self.gradients(&batch[part.clone()], part.start, batch.len(), epoch)?;
            loss = loss + part.loss;
            gradients.accumulate(&self.network, part.gradients);
            statistics.push(part.statistics);
        }
        let (network_time, start) = (start.elapsed(), Instant::now());
        let stepped = self.adam.step(self.network.clone(), loss, gradients.grads(), rate, optimizer)?;
        Ok(Attempt { stepped, statistics, network_time, optimizer_time: start.elapsed() })
    }

    /// What these pairs, from the `first` of a batch of `count`, add to a step.
    fn gradients(&self, pairs: &[Example], first: usize, count: usize, epoch: usize) -> Result<Part> {
        let TrainOptions { init_epochs, init_loss, end_to_end, network: config, seed, .. } = &self.options;
        let is_initialisation = epoch < *init_epochs;
        let features = PackedFeatures::new(pairs.iter().map(|pair| &pair.features), config, &self.device);
        let TrainingPass { logits, first_logits, statistics } = self.network.training_pass(&features)?;
        let by_match = match (is_initialisation, end_to_end.objective) {
            (true, _) => Some(init_loss),
            (false, Objective::Truth) => Some(&end_to_end.kept),
            (false, Objective::InlierScore) => None,
        };
        let mut total = logits.clone().sum() * 0.0;
        if let Some(losses) = by_match {
            let truths: Vec<&MatchTruth> = pairs.iter().map(|pair| &pair.truth).collect();
            for logits in std::iter::once(&logits).chain(&first_logits) {
                total = total + losses.of_batch(logits, &truths, &features.segments, count);
            }
        }
        let mut loss = total.clone().inner();
        if !is_initialisation {
            let noise = [pair_seed(*seed, 0), self.steps as u64, first as u64];
            let device = self.device.clone().autodiff();
            let [through, value] = end_to_end.loss(logits, pairs, config.model, noise, &device)?;
            let share = pairs.len() as f64 / count as f64;
            loss = loss + value.inner() * share;
            total = total + through * share;
        }
        let gradients = GradientsParams::from_grads(total.backward(), &self.network);
        Ok(Part { loss, gradients, statistics })
    }
}
