//! The GPU estimator from CPU slices to outcomes, for any number of problems of any kinds and sizes.

use super::{
    gpu_batch::{Prepared, outcomes, submit},
    gpu_pipeline::{GpuPipeline, capacity_for},
};
use crate::ransac::{Options, Outcome, Problem, stages::weights::Given};
use crate::{
    Error, ModelKind, Result,
    gpu::{Context, ReadBack},
    kernels::{Capacity, HostBuffers},
};
use std::sync::{Arc, Mutex, PoisonError};

/// GPU memory that a batch may take, unless told otherwise.
const DEFAULT_MEMORY: u64 = 1 << 30;
/// Pairs of one submission, a workgroup each.
const MAX_PAIRS: usize = 65_535;

/// The estimator on a GPU, with async and blocking forms; pipelines are made when a batch first needs them and kept.
#[derive(Debug)]
pub struct GpuEstimator {
    context: Context,
    options: Options,
    memory: u64,
    pipelines: Mutex<Vec<(Key, Arc<Mutex<GpuPipeline>>)>>,
}

/// What problems of one submission have in common.
type Key = (ModelKind, Given);

impl GpuEstimator {
    /// On the host's or on our own device.
    ///
    /// # Errors
    /// [`Error::BadOption`].
    pub fn new(context: Context, options: Options) -> Result<Self> {
        options.check()?;
        Ok(Self { context, options, memory: DEFAULT_MEMORY, pipelines: Mutex::default() })
    }

    /// Bounds the GPU memory of one submission, bytes; larger batches are split.
    #[must_use]
    pub fn with_memory(self, memory: u64) -> Self {
        Self { memory, ..self }
    }

    /// The device.
    pub const fn context(&self) -> &Context {
        &self.context
    }

    /// Estimates one model a problem; each has its own result.
    pub async fn estimate_batch_async(&self, problems: &[Problem<'_>]) -> Vec<Result<Outcome>> {
        let (mut answers, mut batches) = self.plan(problems);
        while let Some(batch) = batches.pop() {
            let bytes = match self.start(&batch).await {
                Ok(read_back) => read_back.wait(&self.context).await,
                Err(error) => Err(error),
            };
            self.take(bytes, batch, &mut answers, &mut batches);
        }
        all_answered(answers)
    }

    /// [`Self::estimate_batch_async`], blocking; not for browsers.
    pub fn estimate_batch(&self, problems: &[Problem<'_>]) -> Vec<Result<Outcome>> {
        let (mut answers, mut batches) = self.plan(problems);
        while let Some(batch) = batches.pop() {
            let started = pollster::block_on(self.start(&batch));
            let bytes = started.and_then(|read_back| read_back.wait_blocking(&self.context));
            self.take(bytes, batch, &mut answers, &mut batches);
        }
        all_answered(answers)
    }

    /// Answers the batch's problems; a batch that failed on a living device is tried again in halves, in case its
    /// memory was refused.
    fn take<'a>(
        &self,
        bytes: Result<Vec<Vec<u8>>>,
        mut batch: Vec<Prepared<'a>>,
        answers: &mut [Option<Result<Outcome>>],
        batches: &mut Vec<Vec<Prepared<'a>>>,
    ) {
        match bytes {
            Ok(bytes) => {
                for (problem, outcome) in batch.iter().zip(outcomes(&batch, &self.options, &bytes)) {
                    answers[problem.index] = Some(outcome);
                }
            }
            Err(error) if batch.len() > 1 && self.context.is_alive() => {
                tracing::debug!(%error, pairs = batch.len(), "batch split");
                batches.push(batch.split_off(batch.len() / 2));
                batches.push(batch);
            }
            Err(error) => {
                for problem in batch {
                    answers[problem.index] = Some(Err(Error::Device(error.to_string())));
                }
            }
        }
    }

    /// Refuses what cannot be estimated, and splits the rest into batches of one kind that fit the memory.
    fn plan<'a>(&self, problems: &[Problem<'a>]) -> (Vec<Option<Result<Outcome>>>, Vec<Vec<Prepared<'a>>>) {
        let mut answers: Vec<Option<Result<Outcome>>> = Vec::new();
        let mut batches: Vec<(Key, Vec<Prepared<'a>>)> = Vec::new();
        for (index, problem) in problems.iter().enumerate() {
            if self.options.use_all {
                // one small least-squares problem a pair: nothing for a GPU
                answers.push(Some(super::cpu_pipeline::estimate(problem, &self.options)));
                continue;
            }
            let prepared = Prepared::new(index, problem, &self.options).and_then(|p| self.check_size(p));
            let prepared = match prepared {
                Ok(prepared) => prepared,
                Err(error) => {
                    answers.push(Some(Err(error)));
                    continue;
                }
            };
            answers.push(None);
            let key = prepared.key();
            // the last batch of this key, if there is room in it
            match batches.iter_mut().rev().find(|(k, _)| *k == key) {
                Some((_, batch)) if self.fits(batch, &prepared) => batch.push(prepared),
                _ => batches.push((key, vec![prepared])),
            }
        }
        (answers, batches.into_iter().map(|(_, batch)| batch).collect())
    }

    fn check_size<'a>(&self, prepared: Prepared<'a>) -> Result<Prepared<'a>> {
        if self.fits(&[], &prepared) {
            return Ok(prepared);
        }
        let capacity = self.capacity(1, prepared.match_count());
        let [largest, available] = [capacity.largest_buffer(prepared.kind), self.context.max_storage_bytes()];
        if largest > available {
            return Err(Error::OutOfMemory { needed: largest, available });
        }
        Err(Error::OutOfMemory { needed: capacity.bytes(prepared.kind), available: self.memory })
    }

    fn fits(&self, batch: &[Prepared<'_>], next: &Prepared<'_>) -> bool {
        let matches = batch.iter().map(Prepared::match_count).sum::<usize>() + next.match_count();
        let capacity = self.capacity(batch.len() + 1, matches);
        batch.len() < MAX_PAIRS
            && u32::try_from(matches).is_ok()
            && capacity.bytes(next.kind) <= self.memory
            && capacity.largest_buffer(next.kind) <= self.context.max_storage_bytes()
    }

    fn capacity(&self, pairs: usize, matches: usize) -> Capacity {
        Capacity { pairs: pairs as u32, matches: matches as u32, ..capacity_for(&self.options) }
    }

    async fn start(&self, batch: &[Prepared<'_>]) -> Result<ReadBack> {
        self.context.check_lost()?;
        let pipeline = self.pipeline(batch).await?;
        let submitted = self.context.catch(|| {
            // held until all is submitted: another batch would overwrite what is uploaded
            let pipeline = pipeline.lock().unwrap_or_else(PoisonError::into_inner);
            submit(&self.context, &pipeline, batch)
        });
        submitted.await?
    }

    /// The kept pipeline, or a larger one in its place.
    async fn pipeline(&self, batch: &[Prepared<'_>]) -> Result<Arc<Mutex<GpuPipeline>>> {
        let Some(first) = batch.first() else { return Err(Error::Device("an empty batch".to_owned())) };
        let key = first.key();
        let matches: usize = batch.iter().map(Prepared::match_count).sum();
        let needed = self.capacity(batch.len(), matches);
        if let Some(kept) = self.kept(key, needed) {
            return Ok(kept);
        }
        let (kind, given) = key;
        let host = HostBuffers::default();
        let made = GpuPipeline::with_given(self.context.clone(), kind, &self.options, needed, given, host);
        let made = Arc::new(Mutex::new(made.await?));
        let mut pipelines = self.pipelines.lock().unwrap_or_else(PoisonError::into_inner);
        pipelines.retain(|(k, _)| *k != key);
        pipelines.push((key, Arc::clone(&made)));
        Ok(made)
    }

    fn kept(&self, key: Key, needed: Capacity) -> Option<Arc<Mutex<GpuPipeline>>> {
        let pipelines = self.pipelines.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, kept) = pipelines.iter().find(|(k, _)| *k == key)?;
        let room = kept.lock().unwrap_or_else(PoisonError::into_inner).capacity();
        (room.pairs >= needed.pairs && room.matches >= needed.matches).then(|| Arc::clone(kept))
    }
}

impl Prepared<'_> {
    const fn key(&self) -> Key {
        (self.kind, self.given)
    }
}

fn all_answered(answers: Vec<Option<Result<Outcome>>>) -> Vec<Result<Outcome>> {
    let missing = || Err(Error::Device("the GPU gave no answer".to_owned()));
    answers.into_iter().map(|answer| answer.unwrap_or_else(missing)).collect()
}
