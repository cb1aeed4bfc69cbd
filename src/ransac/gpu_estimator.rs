//! The GPU estimator from CPU slices to outcomes, for any number of problems of any kinds and sizes.

use super::{
    Options, Outcome, Problem,
    gpu_batch::{Prepared, outcomes, submit},
    gpu_pipeline::{GpuPipeline, SampleBy, capacity_for},
};
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
type Key = (ModelKind, SampleBy);

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
        let (mut answers, batches) = self.plan(problems);
        for batch in batches {
            match self.start(&batch).await {
                Ok((_pipeline, read_back)) => answer(&mut answers, &batch, read_back.wait(&self.context).await),
                Err(error) => answer(&mut answers, &batch, Err(error)),
            }
        }
        finish(answers)
    }

    /// [`Self::estimate_batch_async`], blocking; not for browsers.
    pub fn estimate_batch(&self, problems: &[Problem<'_>]) -> Vec<Result<Outcome>> {
        let (mut answers, batches) = self.plan(problems);
        for batch in batches {
            match pollster::block_on(self.start(&batch)) {
                Ok((_pipeline, read_back)) => answer(&mut answers, &batch, read_back.wait_blocking(&self.context)),
                Err(error) => answer(&mut answers, &batch, Err(error)),
            }
        }
        finish(answers)
    }

    /// Refuses what cannot be estimated, and splits the rest into batches of one kind that fit the memory.
    fn plan(&self, problems: &[Problem<'_>]) -> (Vec<Option<Result<Outcome>>>, Vec<Vec<Prepared>>) {
        let mut answers: Vec<Option<Result<Outcome>>> = Vec::new();
        let mut batches: Vec<(Key, Vec<Prepared>)> = Vec::new();
        for (index, problem) in problems.iter().enumerate() {
            let prepared = Prepared::new(index, problem, &self.options).and_then(|p| self.check_size(p));
            let prepared = match prepared {
                Ok(prepared) => prepared,
                Err(error) => {
                    answers.push(Some(Err(error)));
                    continue;
                }
            };
            answers.push(None);
            let key = (prepared.kind, prepared.sample_by);
            // the last batch of this key, if there is room in it
            match batches.iter_mut().rev().find(|(k, _)| *k == key) {
                Some((_, batch)) if self.fits(batch, &prepared) => batch.push(prepared),
                _ => batches.push((key, vec![prepared])),
            }
        }
        (answers, batches.into_iter().map(|(_, batch)| batch).collect())
    }

    fn check_size(&self, prepared: Prepared) -> Result<Prepared> {
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

    fn fits(&self, batch: &[Prepared], next: &Prepared) -> bool {
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

    async fn start(&self, batch: &[Prepared]) -> Result<(Arc<Mutex<GpuPipeline>>, ReadBack)> {
        self.context.check_lost()?;
        let pipeline = self.pipeline(batch).await?;
        let submitted = self.context.catch(|| {
            // held until all is submitted: the next batch would overwrite the buffers
            let pipeline = pipeline.lock().unwrap_or_else(PoisonError::into_inner);
            submit(&self.context, &pipeline, batch)
        });
        let read_back = submitted.await??;
        Ok((pipeline, read_back))
    }

    /// The kept pipeline, or a larger one in its place.
    async fn pipeline(&self, batch: &[Prepared]) -> Result<Arc<Mutex<GpuPipeline>>> {
        let Some(first) = batch.first() else { return Err(Error::Device("an empty batch".to_owned())) };
        let key = (first.kind, first.sample_by);
        let matches = batch.iter().map(Prepared::match_count).sum();
        let needed = self.capacity(batch.len(), matches);
        if let Some(kept) = self.kept(key, needed) {
            return Ok(kept);
        }
        let options = &self.options;
        let made =
            GpuPipeline::with_sampling(self.context.clone(), key.0, options, needed, key.1, HostBuffers::default());
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

fn answer(answers: &mut [Option<Result<Outcome>>], batch: &[Prepared], bytes: Result<Vec<Vec<u8>>>) {
    match bytes {
        Ok(bytes) => {
            for (problem, outcome) in batch.iter().zip(outcomes(batch, &bytes)) {
                answers[problem.index] = Some(outcome);
            }
        }
        Err(error) => {
            for problem in batch {
                answers[problem.index] = Some(Err(Error::Device(error.to_string())));
            }
        }
    }
}

fn finish(answers: Vec<Option<Result<Outcome>>>) -> Vec<Result<Outcome>> {
    let missing = || Err(Error::Device("the GPU gave no answer".to_owned()));
    answers.into_iter().map(|answer| answer.unwrap_or_else(missing)).collect()
}
