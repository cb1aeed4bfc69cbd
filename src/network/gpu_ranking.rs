//! The learned ranking of many pairs at once on the GPU.

use super::{GpuRanker, RankInput, Weights};
use crate::Result;
use crate::gpu::Context;
use crate::kernels::HostBuffers;
use std::sync::{Mutex, PoisonError};

/// Matches that one submission has at most; a pair with more is ranked on the CPU.
const MATCHES: usize = 1 << 16;
/// Pairs that one submission has at most.
const PAIRS: usize = 128;

/// A network on the device of the estimator.
#[derive(Debug)]
pub(crate) struct GpuRanking(Mutex<GpuRanker>);

impl GpuRanking {
    pub(crate) fn new(context: &Context, weights: &Weights) -> Result<Self> {
        let ranker =
            GpuRanker::new_blocking(context.clone(), weights, [PAIRS as u32, MATCHES as u32], HostBuffers::default())?;
        Ok(Self(Mutex::new(ranker)))
    }

    /// The logits of each pair; `None` for those of a submission that failed, one of which has a fault.
    pub(crate) fn logits(&self, inputs: &[RankInput<'_>]) -> Vec<Option<Vec<f32>>> {
        let mut ranker = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut logits = Vec::with_capacity(inputs.len());
        for part in parts(inputs) {
            match ranker.logits_blocking(part) {
                Ok(found) => logits.extend(found.into_iter().map(Some)),
                Err(_) => logits.extend(part.iter().map(|_| None)),
            }
        }
        logits
    }
}

/// In order, each within the limits of a submission, or one pair alone.
fn parts<'a, 'b>(mut inputs: &'a [RankInput<'b>]) -> Vec<&'a [RankInput<'b>]> {
    let mut parts = Vec::new();
    while !inputs.is_empty() {
        let sums = inputs.iter().scan(0, |sum, input| {
            *sum += input.points_px().map_or(0, |[points, _]| points.len());
            Some(*sum)
        });
        let fitting = sums.take(PAIRS).take_while(|&sum| sum <= MATCHES).count().max(1);
        let (part, rest) = inputs.split_at(fitting);
        parts.push(part);
        inputs = rest;
    }
    parts
}
