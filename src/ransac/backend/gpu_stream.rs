//! A batch as a stream of submissions, of which two are in flight.

use super::{
    gpu_batch::Prepared,
    gpu_estimator::GpuEstimator,
    gpu_outcomes::outcomes,
    gpu_plan::{Batch, Room, plan},
    gpu_pool::{IN_FLIGHT, Slot, largest_buffer},
    in_turns::give_way,
};
use crate::ransac::{Outcome, Problem, check::check};
use crate::{Error, Result, gpu::ReadBack, parallel::parallel_map};
use std::collections::VecDeque;
use std::sync::Arc;

/// Matches of a submission that are worth several threads.
const WORTH_THREADS: usize = 1 << 14;

/// What the caller does while the GPU works.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    Async,
    /// Not for browsers.
    #[cfg(not(target_arch = "wasm32"))]
    Blocking,
}

pub(super) struct Stream<'e, 'a> {
    estimator: &'e GpuEstimator,
    problems: &'e [Problem<'a>],
    wait: Wait,
    answers: Vec<Option<Result<Outcome>>>,
    batches: VecDeque<Batch>,
    in_flight: VecDeque<InFlight<'a>>,
}

struct InFlight<'a> {
    batch: Batch,
    prepared: Vec<Prepared<'a>>,
    read_back: ReadBack,
    /// Held until it is done, so that its memory counts.
    _slot: Arc<Slot>,
}

impl<'e, 'a> Stream<'e, 'a> {
    pub(super) fn new(estimator: &'e GpuEstimator, problems: &'e [Problem<'a>], wait: Wait) -> Self {
        let (batches, too_large) =
            plan(problems, |problem| estimator.key(problem), |key, room| estimator.fits(key, room));
        let answers = problems.iter().map(|_| None).collect();
        let mut stream = Self { estimator, problems, wait, answers, batches, in_flight: VecDeque::new() };
        for index in too_large {
            stream.answers[index] = Some(Err(stream.refusal(index)));
        }
        stream
    }

    /// Why a problem is in no batch.
    fn refusal(&self, index: usize) -> Error {
        let GpuEstimator { context, options, .. } = self.estimator;
        let problem = &self.problems[index];
        if let Err(error) = check(problem) {
            return error;
        }
        let key = self.estimator.key(problem);
        let room = Room { pairs: 1, matches: problem.matches.lengths()[0] };
        let [needed, available] =
            [largest_buffer(options, key, self.estimator.ranking(key), room), context.max_storage_bytes()];
        if needed > available {
            return Error::OutOfMemory { needed, available };
        }
        Error::OutOfMemory { needed: self.estimator.slot_bytes(key, room), available: self.estimator.memory() }
    }

    pub(super) async fn run(mut self) -> Vec<Result<Outcome>> {
        loop {
            if let Some(batch) = self.batches.pop_front() {
                self.go_on_with(batch).await;
            } else if let Some((done, bytes)) = self.wait_for_first().await {
                self.take(done, bytes);
            } else {
                break;
            }
        }
        let missing = || Err(Error::Device("the GPU gave no answer".to_owned()));
        self.answers.into_iter().map(|answer| answer.unwrap_or_else(missing)).collect()
    }

    /// Prepares the batch and reads another one's answers while those in flight run.
    async fn go_on_with(&mut self, batch: Batch) {
        if self.wait == Wait::Async {
            give_way().await;
        }
        let prepared = self.prepare(&batch);
        let done = if self.in_flight.len() < IN_FLIGHT { None } else { self.wait_for_first().await };
        if !prepared.is_empty() {
            self.start(batch, prepared).await;
        }
        if let Some((done, bytes)) = done {
            self.take(done, bytes);
        }
    }

    /// The problems of the batch that nothing is wrong with; the others have their answers.
    fn prepare(&mut self, batch: &Batch) -> Vec<Prepared<'a>> {
        let (problems, options) = (self.problems, &self.estimator.options);
        let ranking = self.estimator.ranking(batch.key);
        let matches = batch.indices.iter().map(|&index| problems[index].matches.lengths()[0]).sum();
        let prepared = parallel_map(self.threads(matches), batch.indices.len(), |k| {
            let index = batch.indices[k];
            if let Some(ranking) = ranking {
                ranking.check(&problems[index])?;
            }
            Prepared::new(index, &problems[index], batch.key, options)
        });
        let of = |(&index, prepared)| match prepared {
            Ok(prepared) => Some(prepared),
            Err(error) => {
                self.answers[index] = Some(Err(error));
                None
            }
        };
        batch.indices.iter().zip(prepared).filter_map(of).collect()
    }

    fn threads(&self, matches: usize) -> usize {
        if matches < WORTH_THREADS { 1 } else { self.estimator.options.threads }
    }

    /// Submits the batch.
    async fn start(&mut self, batch: Batch, mut prepared: Vec<Prepared<'a>>) {
        match self.submit(&batch, &mut prepared).await {
            Ok((read_back, slot)) => self.in_flight.push_back(InFlight { batch, prepared, read_back, _slot: slot }),
            Err(error) => self.fail(batch, &error),
        }
    }

    async fn submit(&mut self, batch: &Batch, prepared: &mut [Prepared<'a>]) -> Result<(ReadBack, Arc<Slot>)> {
        let GpuEstimator { context, .. } = self.estimator;
        let matches = prepared.iter().map(Prepared::match_count).sum();
        let needed = Room { pairs: prepared.len(), matches };
        let slot = loop {
            context.check_lost()?;
            match self.estimator.slot(batch, needed, !self.in_flight.is_empty()).await? {
                Some(slot) => break slot,
                None => {
                    if let Some((done, bytes)) = self.wait_for_first().await {
                        self.take(done, bytes);
                    }
                }
            }
        };
        let submitted = context.catch(|| slot.submit(context, prepared)).await?;
        Ok((submitted?, slot))
    }

    /// What the first of the submissions in flight copied back.
    async fn wait_for_first(&mut self) -> Option<(Done<'a>, Result<Vec<Vec<u8>>>)> {
        let InFlight { batch, prepared, read_back, _slot } = self.in_flight.pop_front()?;
        let context = &self.estimator.context;
        let bytes = match self.wait {
            Wait::Async => read_back.wait(context).await,
            #[cfg(not(target_arch = "wasm32"))]
            Wait::Blocking => read_back.wait_blocking(context),
        };
        Some((Done { batch, prepared }, bytes))
    }

    fn take(&mut self, Done { batch, prepared }: Done<'a>, bytes: Result<Vec<Vec<u8>>>) {
        let bytes = match bytes {
            Ok(bytes) => bytes,
            Err(error) => return self.fail(batch, &error),
        };
        let matches = prepared.iter().map(Prepared::match_count).sum();
        let outcomes = outcomes(&prepared, &self.estimator.options, self.threads(matches), &bytes);
        for (problem, outcome) in prepared.iter().zip(outcomes) {
            self.answers[problem.index] = Some(outcome);
        }
    }

    /// A batch that there was no memory for is tried again in halves; any other failure is the answer of its problems.
    fn fail(&mut self, batch: Batch, error: &Error) {
        if matches!(error, Error::DeviceMemory(_)) {
            self.estimator.pool.drop_idle();
            if batch.indices.len() > 1 {
                tracing::debug!(%error, pairs = batch.indices.len(), "batch split");
                batch.halves().into_iter().rev().for_each(|half| self.batches.push_front(half));
                return;
            }
        }
        for index in batch.indices {
            self.answers[index].get_or_insert_with(|| Err(again(error)));
        }
    }
}

struct Done<'a> {
    batch: Batch,
    prepared: Vec<Prepared<'a>>,
}

/// The error of a batch as that of one of its problems.
fn again(error: &Error) -> Error {
    match error {
        Error::DeviceMemory(message) => Error::DeviceMemory(message.clone()),
        Error::Device(message) => Error::Device(message.clone()),
        Error::OutOfMemory { needed, available } => Error::OutOfMemory { needed: *needed, available: *available },
        other => Error::Device(other.to_string()),
    }
}
