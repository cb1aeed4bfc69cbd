//! Batches of pairs made ahead by threads: what a step gets follows from the seed and the step alone.

use super::synthetic::problems::{generator, pair_seed};
use super::{Augmentation, PairRecord, PairSet};
use crate::{Error, Result};
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// How pairs are loaded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LoaderOptions {
    /// Seed of the order of the pairs and of their changes.
    pub seed: u64,
    /// Pairs of a step; the last step of an epoch may have fewer.
    pub batch: usize,
    /// Threads; at least 1. Their number changes nothing but the speed.
    pub threads: usize,
    /// Batches that each thread makes ahead.
    pub ahead: usize,
    /// Changes of the pairs.
    pub augmentation: Augmentation,
}

impl Default for LoaderOptions {
    fn default() -> Self {
        Self { seed: 0, batch: 8, threads: 2, ahead: 2, augmentation: Augmentation::default() }
    }
}

/// The batches of a training, step by step, without an end.
#[derive(Debug)]
pub struct Loader<T> {
    /// One a thread, which makes every so-many-th step.
    workers: Vec<Receiver<Result<Vec<T>>>>,
    first_step: usize,
    step: usize,
    waited: Duration,
}

impl<T: Send + 'static> Loader<T> {
    /// Starts the threads, from any step on. `prepare` makes of each changed pair what the training needs; the generator
    /// it is given is the pair's own.
    ///
    /// # Errors
    /// [`Error::BadOption`] for an option outside its range.
    pub fn start(
        set: Arc<PairSet>,
        options: &LoaderOptions,
        first_step: usize,
        prepare: impl Fn(PairRecord, &mut StdRng) -> Result<T> + Send + Sync + 'static,
    ) -> Result<Self> {
        options.augmentation.check()?;
        let at_least_1 = [("batch", options.batch), ("threads", options.threads), ("ahead", options.ahead)];
        if let Some((name, found)) = at_least_1.into_iter().find(|&(_, value)| value == 0) {
            return Err(Error::BadOption { name, expected: "at least 1", found: found.to_string() });
        }
        let source = Arc::new(Source { set, options: options.clone(), prepare });
        let workers = (0..options.threads)
            .map(|place| {
                let (sender, receiver) = sync_channel(options.ahead);
                let source = Arc::clone(&source);
                thread::spawn(move || source.fill(&sender, first_step + place));
                receiver
            })
            .collect();
        Ok(Self { workers, first_step, step: first_step, waited: Duration::ZERO })
    }

    /// The batch of the next step.
    ///
    /// # Errors
    /// Those of the pairs and of `prepare`; [`Error::LoaderStopped`] when a thread is gone.
    pub fn next_batch(&mut self) -> Result<Vec<T>> {
        let start = Instant::now();
        let worker = &self.workers[(self.step - self.first_step) % self.workers.len()];
        let batch = worker.recv().map_err(|_| Error::LoaderStopped { step: self.step })?;
        self.waited += start.elapsed();
        self.step += 1;
        batch
    }

    /// How long all calls of [`Self::next_batch`] together have waited for the threads.
    pub const fn waited(&self) -> Duration {
        self.waited
    }
}

struct Source<F> {
    set: Arc<PairSet>,
    options: LoaderOptions,
    prepare: F,
}

impl<F> Source<F> {
    /// Makes the batches of one thread until nobody takes them.
    fn fill<T>(&self, sender: &SyncSender<Result<Vec<T>>>, first_step: usize)
    where
        F: Fn(PairRecord, &mut StdRng) -> Result<T>,
    {
        let mut step = first_step;
        while sender.send(self.batch(step)).is_ok() {
            step += self.options.threads;
        }
    }

    fn batch<T>(&self, step: usize) -> Result<Vec<T>>
    where
        F: Fn(PairRecord, &mut StdRng) -> Result<T>,
    {
        let LoaderOptions { seed, batch, augmentation, .. } = &self.options;
        let steps = self.set.steps_per_epoch(*batch);
        let (epoch, place) = (step / steps, step % steps);
        let order = self.set.order(*seed, epoch);
        let chosen = order.iter().skip(place * batch).take(*batch);
        chosen
            .map(|&index| {
                let mut rng = generator(pair_seed(pair_seed(*seed, epoch), index));
                let record = self.set.pair(epoch, index)?;
                let record = augmentation.apply(&mut rng, &record, self.set.sample_size());
                (self.prepare)(record, &mut rng)
            })
            .collect()
    }
}
