//! The stages of a pipeline in their order, into a command encoder.

use super::{gpu_last_stages::LastStage, gpu_pipeline::GpuPipeline};
use crate::{
    Result,
    gpu::{TypedBuffer, Upload},
    kernels::{
        Capacity, Stage, Workgroups,
        layout::{Candidate, PairInput, Settings},
    },
};

/// Bytes from one entry of the workgroup counts to the next.
const ENTRY: u64 = 12;

impl GpuPipeline {
    /// Encodes the whole estimation of the pairs written last.
    pub fn encode(&self, encoder: &mut wgpu::CommandEncoder) {
        self.encode_observed(encoder, |_, _| {});
    }

    /// [`Self::encode`], with a call before each stage that is given the stage's name, and one after the last that is given
    /// `end`: for timestamps.
    pub fn encode_observed(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        before: impl FnMut(&mut wgpu::ComputePass<'_>, &'static str),
    ) {
        self.encode_sized(encoder, self.capacity(), before);
    }

    /// [`Self::write_pairs`] and [`Self::encode`] as parts of the encoder, with no more workgroups than these pairs need: one submission
    /// may hold several of them, each followed by the copies of its results. Makes a staging buffer; no pairs encode nothing.
    ///
    /// # Errors
    /// Those of [`Self::write_pairs`]; [`Error::DeviceMemory`](crate::Error::DeviceMemory).
    pub fn encode_pairs(&self, encoder: &mut wgpu::CommandEncoder, pairs: &[PairInput]) -> Result<()> {
        let used = self.used(pairs)?;
        if !pairs.is_empty() {
            let bytes = TypedBuffer::<Settings>::bytes(1) + TypedBuffer::<PairInput>::bytes(pairs.len());
            let mut upload = Upload::new(&self.context, bytes)?;
            self.upload_pairs(&mut upload, pairs);
            upload.encode(encoder);
            self.encode_sized(encoder, used, |_, _| {});
        }
        Ok(())
    }

    pub(super) fn upload_pairs(&self, upload: &mut Upload, pairs: &[PairInput]) {
        upload.begin(&self.buffers.settings, 0);
        upload.add(&[self.settings_for(pairs.len())]);
        upload.begin(&self.buffers.inputs, 0);
        upload.add(pairs);
    }

    /// [`Self::encode_observed`] for the pairs and matches that are in use.
    pub(super) fn encode_sized(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        used: Capacity,
        mut before: impl FnMut(&mut wgpu::ComputePass<'_>, &'static str),
    ) {
        self.clear(encoder, used);
        let mut pass =
            encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label: Some("ransac"), ..Default::default() });
        let mut encode = |name, stage: &Stage, workgroups| {
            before(&mut pass, name);
            stage.encode(&mut pass, workgroups);
        };
        let indirect = |entry: u64| Workgroups::Indirect(&self.buffers.workgroups, entry * ENTRY);
        let [a_hypothesis, a_pair, a_candidate, of_solver] = [0, 1, 2, 3].map(indirect);
        let [one, pairs] = [1, used.pairs].map(Workgroups::Count);
        let stages = &self.stages;
        if self.settings.weighing != 0 {
            encode("weigh_matches", &stages.weigh, pairs);
        }
        encode("normalize_matches", &stages.normalize, pairs);
        encode("plan_round", &stages.plan, one);
        for round in 0..self.settings.rounds {
            encode("sample_minimal", &stages.sample, a_hypothesis);
            encode("solve", &stages.solve, of_solver);
            encode("pack_models", &stages.pack, a_pair);
            encode("score_models", &stages.score, Workgroups::Indirect(&self.buffers.round_counts, 4));
            encode("select_best", &stages.select, a_pair);
            if let (0, Some([place, catch_up])) = (round, &stages.prior) {
                encode("place_prior", place, a_pair);
                encode("refine_model, of priors", catch_up, pairs);
            }
            encode("refine_model, of a round", &stages.refine, a_candidate);
            encode("plan_round", &stages.plan, one);
        }
        for last @ LastStage { name, stage, .. } in &stages.last {
            encode(name, stage, Workgroups::Count(last.workgroups(used)));
        }
        before(&mut pass, "end");
    }

    fn clear(&self, encoder: &mut wgpu::CommandEncoder, used: Capacity) {
        let candidates = used.pairs as usize * self.settings.candidates_a_pair as usize;
        encoder.clear_buffer(&self.buffers.progress, 0, None);
        for (buffer, candidates) in [(&self.buffers.best, used.pairs as usize), (&self.buffers.candidates, candidates)]
        {
            encoder.clear_buffer(buffer, 0, Some(TypedBuffer::<Candidate>::bytes(candidates)));
        }
    }
}
