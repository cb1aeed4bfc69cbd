//! What may rank the matches of a submission before the estimator has them: a network, of which this room knows no more.

use super::gpu_plan::Room;
use crate::Result;
use crate::gpu::{Context, Upload};
use crate::kernels::HostBuffers;
use crate::ransac::Problem;
use std::fmt::Debug;

/// A network that can be put in front of the estimator.
pub(crate) trait Ranking: Debug + Send + Sync {
    /// # Errors
    /// Why it cannot rank the matches of this problem.
    fn check(&self, problem: &Problem<'_>) -> Result<()>;

    /// GPU memory of its buffers for so much, bytes.
    fn bytes(&self, room: Room) -> u64;

    /// The largest of them, bytes.
    fn largest_buffer(&self, matches: usize) -> u64;

    /// One with its buffers and stages; the caller catches the device's errors.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`](crate::Error::OutOfMemory) when a buffer would exceed the device's limit.
    fn ranker(&self, context: &Context, room: Room) -> Result<Box<dyn BatchRanker>>;
}

/// A network with its buffers, for the pairs of one submission after another.
pub(crate) trait BatchRanker: Debug + Send + Sync {
    /// Where it expects matches, SNN ratios (−1 where not known) and key points (0 where not known), and leaves the weights.
    fn buffers(&self) -> HostBuffers;

    /// Says how many matches each pair has.
    fn upload_counts(&self, upload: &mut Upload, counts: &[u32]);

    /// Encodes the network for so many pairs and matches.
    fn encode(&self, encoder: &mut wgpu::CommandEncoder, used: Room);
}

/// Bytes that [`BatchRanker::upload_counts`] takes.
pub(crate) const fn counts_bytes(pairs: usize) -> u64 {
    4 * (pairs as u64 + 2)
}
