//! The estimator, with the network in front of it where that ranks the matches.

use crate::match_buffers::MatchBuffers;
use crate::settings::{Plan, Sampling};
use eframe::wgpu;
use nabla_ransac::Result;
use nabla_ransac::gpu::Context;
use nabla_ransac::kernels::layout::PairInput;
use nabla_ransac::network::{GpuRanker, Weights};
use nabla_ransac::ransac::GpuPipeline;

pub(crate) struct Estimation {
    pub(crate) plan: Plan,
    ranker: Option<GpuRanker>,
    pub(crate) pipeline: GpuPipeline,
}

impl Estimation {
    /// Compiles shaders and makes buffers, which takes a moment: not for the thread of the window.
    pub(crate) fn new(context: &Context, plan: Plan, matches: &MatchBuffers) -> Result<Self> {
        let capacity = [1, matches.room()];
        let mut host = matches.host_buffers();
        let mut ranker = None;
        if plan.sampling == Sampling::Network {
            let weights = Weights::shipped(plan.kind)?;
            let made = GpuRanker::new_blocking(context.clone(), &weights, capacity, host.clone())?;
            host.weights = Some(made.probabilities().part());
            ranker = Some(made);
        }
        let pipeline = GpuPipeline::new_blocking(context.clone(), plan.kind, &plan.options(), capacity, host)?;
        Ok(Self { plan, ranker, pipeline })
    }

    /// Sets the pair of the next submission.
    pub(crate) fn write(&mut self, pair: PairInput) -> Result<()> {
        if let Some(ranker) = &mut self.ranker {
            ranker.write_counts(&[pair.match_count])?;
        }
        self.pipeline.write_pairs(&[pair])
    }

    pub(crate) fn encode(&self, encoder: &mut wgpu::CommandEncoder) {
        if let Some(ranker) = &self.ranker {
            ranker.encode(encoder);
        }
        self.pipeline.encode(encoder);
    }
}
