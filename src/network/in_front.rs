//! A network as what a GPU estimator has in front of it, in the same submission.

use super::{GpuRanker, RankInput, Weights, gpu_ranker};
use crate::gpu::{Context, Upload};
use crate::kernels::HostBuffers;
use crate::ransac::backend::{
    gpu_plan::Room,
    gpu_ranking::{BatchRanker, Ranking},
};
use crate::{Problem, Result};

impl Ranking for Weights {
    fn check(&self, problem: &Problem<'_>) -> Result<()> {
        RankInput::of(problem).points_px().map(|_| ())
    }

    fn bytes(&self, room: Room) -> u64 {
        let numbers: usize = self.tensors().values().map(|tensor| tensor.values.len()).sum();
        4 * numbers as u64 + gpu_ranker::bytes_per_match(self.config()) * room.matches as u64
    }

    fn largest_buffer(&self, matches: usize) -> u64 {
        gpu_ranker::largest_buffer(self.config(), matches as u64)
    }

    fn ranker(&self, context: &Context, Room { pairs, matches }: Room) -> Result<Box<dyn BatchRanker>> {
        let capacity = [pairs, matches].map(|size| size as u32);
        Ok(Box::new(GpuRanker::made(context, self, capacity, HostBuffers::default())?))
    }
}

impl BatchRanker for GpuRanker {
    fn buffers(&self) -> HostBuffers {
        self.host_buffers()
    }

    fn upload_counts(&self, upload: &mut Upload, counts: &[u32]) {
        Self::upload_counts(self, upload, counts);
    }

    fn encode(&self, encoder: &mut wgpu::CommandEncoder, Room { pairs, matches }: Room) {
        self.encode_sized(encoder, [pairs, matches].map(|size| size as u32), |_, _| {});
    }
}
