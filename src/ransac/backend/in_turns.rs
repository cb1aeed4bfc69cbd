//! Work on the CPU for callers that are not to be held up.

use super::cpu_pipeline;
use crate::ransac::{Options, Outcome, Problem};
use crate::{
    Result,
    parallel::{parallel_map, thread_count},
};
use std::future::poll_fn;
use std::task::Poll;

/// Lets others of the same executor go on.
pub(super) async fn give_way() {
    let mut has_given_way = false;
    poll_fn(|task| {
        if std::mem::replace(&mut has_given_way, true) {
            return Poll::Ready(());
        }
        task.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// The problems on the CPU: with each poll as many as there are threads.
pub(super) async fn estimate_in_turns(problems: &[Problem<'_>], options: &Options) -> Vec<Result<Outcome>> {
    let mut outcomes = Vec::with_capacity(problems.len());
    for turn in problems.chunks(thread_count(options.threads)) {
        outcomes.extend(estimate_on_threads(turn, options));
        give_way().await;
    }
    outcomes
}

pub(super) fn estimate_on_threads(problems: &[Problem<'_>], options: &Options) -> Vec<Result<Outcome>> {
    parallel_map(options.threads, problems.len(), |index| cpu_pipeline::estimate(&problems[index], options))
}
