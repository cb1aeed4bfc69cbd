//! The learned ranking of many pairs at once on the GPU.

use crate::data::PairRecord;
use crate::gpu::Context;
use crate::network::{GpuRanker, RankInput, Weights};
use crate::{ModelKind, Result};
use std::sync::{Mutex, PoisonError};

/// Matches that one submission has at most; a pair with more is ranked on the CPU.
const MATCHES: usize = 1 << 16;
/// Pairs that one submission has at most.
const PAIRS: usize = 128;

/// A network on the device of the estimator.
pub(super) struct GpuRanking(Mutex<GpuRanker>);

impl GpuRanking {
    pub(super) fn new(context: &Context, weights: &Weights) -> Result<Self> {
        let ranker = GpuRanker::new_blocking(context.clone(), weights, [PAIRS as u32, MATCHES as u32])?;
        Ok(Self(Mutex::new(ranker)))
    }

    /// The logits of each record; `None` for those of a submission that failed, one of which has a fault.
    pub(super) fn logits(&self, records: &[&PairRecord], kind: ModelKind) -> Vec<Option<Vec<f32>>> {
        let mut ranker = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut logits = Vec::with_capacity(records.len());
        for part in parts(records) {
            let inputs: Result<Vec<RankInput<'_>>> = part.iter().map(|record| record.rank_input(kind)).collect();
            match inputs.and_then(|inputs| ranker.logits_blocking(&inputs)) {
                Ok(found) => logits.extend(found.into_iter().map(Some)),
                Err(_) => logits.extend(part.iter().map(|_| None)),
            }
        }
        logits
    }
}

/// In order, each within the limits of a submission, or one record alone.
fn parts<'a, 'b>(mut records: &'a [&'b PairRecord]) -> Vec<&'a [&'b PairRecord]> {
    let mut parts = Vec::new();
    while !records.is_empty() {
        let sums = records.iter().scan(0, |sum, record| {
            *sum += record.matches.len();
            Some(*sum)
        });
        let fitting = sums.take(PAIRS).take_while(|&sum| sum <= MATCHES).count().max(1);
        let (part, rest) = records.split_at(fitting);
        parts.push(part);
        records = rest;
    }
    parts
}
