//! The estimator on the GPU, encoded into a host's frame: rounds of sample → solve → pack → score → select → refine → plan,
//! then the final refinement and the mask; nothing is read back and nothing allocated.

use super::{
    Options, Sampler,
    schedule::{FINAL, KEEP_FINAL, LOCAL},
};
use crate::{
    Error, ModelKind, Result,
    cpu::{refine_model::Refinement, robust::Loss, robust::MagsacGain},
    gpu::{Context, Shader, TypedBuffer},
    kernels::{self, Buffers, Capacity, HostBuffers, Stage, Variant, Workgroups, layout, solver},
};

/// A refined model is kept in a round where its score is at least that of the one before.
const KEEP_LOCAL: f32 = 1.0;
/// Rounds at most, since they are all encoded ahead.
const MAX_ROUNDS: u32 = 128;
/// Bytes from one entry of the workgroup counts to the next.
const ENTRY: u64 = 12;

/// Where the weights of the sampling come from; the values of `weigh_sampling` in `shaders/shared/types`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SampleBy {
    /// Nowhere: all matches alike.
    Uniform = 0,
    /// From the weights on the GPU.
    Weight = 1,
    /// From prefix sums of integer weights, written by us.
    Sum = 2,
}

/// Estimates models of one kind for many pairs at once, from GPU buffers to GPU buffers.
///
/// Write the pairs with [`Self::write_pairs`] and the matches into [`Self::raw_matches`] (or give the host's own buffer), then
/// [`Self::encode`] into any command encoder; [`Self::results`] and [`Self::inlier_mask`] hold the outcome when it was
/// submitted.
#[derive(Debug)]
pub struct GpuPipeline {
    context: Context,
    capacity: Capacity,
    settings: layout::Settings,
    buffers: Buffers,
    stages: Stages,
}

#[derive(Debug)]
struct Stages {
    normalize: Stage,
    plan: Stage,
    sample: Stage,
    solve: Stage,
    pack: Stage,
    score: Stage,
    select: Stage,
    refine_local: Stage,
    refine_final: Stage,
    mark: Stage,
}

impl GpuPipeline {
    /// A pipeline for models of `kind`, with all its buffers; `matches` is the room for those of all pairs together.
    ///
    /// The sampler must be uniform or by weights: SNN ratios are not known here. [`Sampler::Auto`] takes all matches alike, in
    /// the sampling and in the score: whether there are weights on the GPU is not known either.
    ///
    /// # Errors
    /// [`Error::BadOption`]; [`Error::OutOfMemory`] when a buffer would exceed the device's limit; [`Error::Device`].
    pub async fn new(
        context: Context,
        kind: ModelKind,
        options: &Options,
        [pairs, matches]: [u32; 2],
        host: HostBuffers,
    ) -> Result<Self> {
        options.check()?;
        let mut options = options.clone();
        let sample_by = match options.sampler {
            Sampler::Auto => {
                (options.weigh_score, options.weigh_refinement) = (false, false);
                SampleBy::Uniform
            }
            Sampler::Uniform => SampleBy::Uniform,
            Sampler::Weights => SampleBy::Weight,
            Sampler::Ratio => {
                let expected = "uniform or weights, where matches stay on the GPU";
                return Err(Error::BadOption { name: "sampler", expected, found: "ratio".to_owned() });
            }
        };
        let capacity = Capacity { pairs, matches, ..capacity_for(&options) };
        Self::with_sampling(context, kind, &options, capacity, sample_by, host).await
    }

    /// [`Self::new`], blocking.
    ///
    /// # Errors
    /// Those of [`Self::new`].
    pub fn new_blocking(
        context: Context,
        kind: ModelKind,
        options: &Options,
        capacity: [u32; 2],
        host: HostBuffers,
    ) -> Result<Self> {
        pollster::block_on(Self::new(context, kind, options, capacity, host))
    }

    pub(super) async fn with_sampling(
        context: Context,
        kind: ModelKind,
        options: &Options,
        capacity: Capacity,
        sample_by: SampleBy,
        host: HostBuffers,
    ) -> Result<Self> {
        let [needed, available] = [capacity.largest_buffer(kind), context.max_storage_bytes()];
        if needed > available {
            return Err(Error::OutOfMemory { needed, available });
        }
        let variant = Variant { kind, residual: options.residual, score: options.score };
        let settings = settings(variant, options, capacity, sample_by);
        let made = context.catch(|| {
            let buffers = Buffers::new(&context, variant, capacity, &settings, host);
            buffers.local_refinement.write(&context, 0, &[refinement(&LOCAL, capacity.candidates, KEEP_LOCAL)]);
            buffers.final_refinement.write(&context, 0, &[refinement(&FINAL, 0, KEEP_FINAL)]);
            let stages = Stages::new(&context, variant, &buffers);
            (buffers, stages)
        });
        let (buffers, stages) = made.await?;
        Ok(Self { context, capacity, settings, buffers, stages })
    }

    /// How much it takes at once.
    pub const fn capacity(&self) -> Capacity {
        self.capacity
    }

    /// Sets the pairs of the next submissions; their matches are ranges of [`Self::raw_matches`].
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] with the numbers of bytes when there are more pairs than the capacity, or a range ends beyond it.
    pub fn write_pairs(&self, pairs: &[layout::PairInput]) -> Result<()> {
        let room = [u64::from(self.capacity.pairs), u64::from(self.capacity.matches)];
        let end = pairs.iter().map(|pair| u64::from(pair.match_start) + u64::from(pair.match_count)).max();
        let used = [pairs.len() as u64, end.unwrap_or(0)];
        for (used, room, size) in [(used[0], room[0], size_of::<layout::PairInput>()), (used[1], room[1], 16)] {
            if used > room {
                return Err(Error::OutOfMemory { needed: used * size as u64, available: room * size as u64 });
            }
        }
        self.buffers.inputs.write(&self.context, 0, pairs);
        let settings = layout::Settings { pair_count: pairs.len() as u32, ..self.settings };
        self.buffers.settings.write(&self.context, 0, &[settings]);
        Ok(())
    }

    /// The matches, in pixels: `x1 y1 x2 y2` of two views; `X Y Z 0, x y 0 0` of a pose; `X1 Y1 Z1 0, X2 Y2 Z2 0` of a
    /// rigid transform.
    pub const fn raw_matches(&self) -> &TypedBuffer<[f32; 4]> {
        &self.buffers.raw_matches
    }

    /// The weights of the matches, when an option uses them: for the sampling, and for the score and the refinement.
    pub const fn weights(&self) -> [&TypedBuffer<f32>; 2] {
        [&self.buffers.sample_weights, &self.buffers.weights]
    }

    /// The result of each pair.
    pub const fn results(&self) -> &TypedBuffer<layout::PairResult> {
        &self.buffers.results
    }

    /// 1 for each match that is an inlier of its pair's model, else 0.
    pub const fn inlier_mask(&self) -> &TypedBuffer<u32> {
        &self.buffers.inlier_mask
    }

    /// All its buffers.
    pub const fn buffers(&self) -> &Buffers {
        &self.buffers
    }

    /// Encodes the whole estimation of the pairs written last.
    pub fn encode(&self, encoder: &mut wgpu::CommandEncoder) {
        encoder.clear_buffer(&self.buffers.progress, 0, None);
        encoder.clear_buffer(&self.buffers.best, 0, None);
        let mut pass =
            encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label: Some("ransac"), ..Default::default() });
        let pairs = Workgroups::Count(self.capacity.pairs);
        self.stages.normalize.encode(&mut pass, pairs);
        self.stages.plan.encode(&mut pass, Workgroups::Count(1));
        for _ in 0..self.settings.max_iterations.div_ceil(self.settings.hypotheses) {
            self.encode_round(&mut pass);
        }
        self.stages.refine_final.encode(&mut pass, pairs);
        self.stages.mark.encode(&mut pass, pairs);
    }

    fn encode_round(&self, pass: &mut wgpu::ComputePass<'_>) {
        let workgroups = |entry: u64| Workgroups::Indirect(&self.buffers.workgroups, entry * ENTRY);
        let [a_hypothesis, a_pair, a_candidate] = [0, 1, 2].map(workgroups);
        let stages = &self.stages;
        stages.sample.encode(pass, a_hypothesis);
        stages.solve.encode(pass, a_hypothesis);
        stages.pack.encode(pass, a_pair);
        stages.score.encode(pass, Workgroups::Indirect(&self.buffers.round_counts, 4));
        stages.select.encode(pass, a_pair);
        stages.refine_local.encode(pass, a_candidate);
        stages.plan.encode(pass, Workgroups::Count(1));
    }
}

impl Stages {
    fn new(context: &Context, variant: Variant, buffers: &Buffers) -> Self {
        let b = buffers;
        let Shader { name, parts } = solver::shader(variant.kind);
        Self {
            normalize: kernels::normalize_matches::stage(context, variant, b),
            plan: kernels::plan_round::stage(context, variant, b),
            sample: kernels::sample_minimal::stage(context, variant, b),
            solve: Stage::new(context, name, parts, &[&b.round_counts, &b.points, &b.models, &b.model_counts]),
            pack: kernels::pack_models::stage(context, variant, b),
            score: kernels::score_models::stage(context, variant, b),
            select: kernels::select_best::stage(context, variant, b),
            refine_local: kernels::refine_model::local_stage(context, variant, b),
            refine_final: kernels::refine_model::final_stage(context, variant, b),
            mark: kernels::mark_inliers::stage(context, variant, b),
        }
    }
}

/// Hypotheses and candidates a round: as many as must be drawn anyway, so that few rounds are needed.
pub(super) fn capacity_for(options: &Options) -> Capacity {
    let hypotheses = options.min_iterations.clamp(64, 1024).max(options.max_iterations.div_ceil(MAX_ROUNDS));
    let hypotheses = hypotheses.min(options.max_iterations);
    Capacity { pairs: 1, matches: 1, hypotheses, candidates: (hypotheses / 64).clamp(4, 15) }
}

fn settings(variant: Variant, options: &Options, capacity: Capacity, sample_by: SampleBy) -> layout::Settings {
    let mut magsac = [[0.0; 4]; 3];
    for (to, &from) in magsac.as_flattened_mut().iter_mut().zip(MagsacGain::new(variant.kind).coefficients()) {
        *to = from;
    }
    layout::Settings {
        pair_count: 0,
        hypotheses: capacity.hypotheses,
        sample_size: variant.kind.sample_size() as u32,
        max_solutions: variant.kind.max_solutions() as u32,
        candidates: capacity.candidates,
        min_iterations: options.min_iterations,
        max_iterations: options.max_iterations,
        log_miss: (1.0 - options.confidence).ln() as f32,
        weigh_sampling: sample_by as u32,
        weigh_score: u32::from(options.weigh_score),
        weigh_refinement: u32::from(options.weigh_refinement),
        kind: variant.kind as u32,
        magsac,
    }
}

fn refinement(from: &Refinement, candidates: u32, keep_above: f32) -> layout::Refinement {
    let (loss, scale) = match from.loss {
        Loss::Truncated => (0, 1.0),
        Loss::Cauchy(scale) => (1, scale),
        Loss::Squared => (2, 1.0),
    };
    layout::Refinement {
        candidates,
        loss,
        scale_sq: (scale * scale) as f32,
        reach_sq: (from.reach * from.reach) as f32,
        iterations: from.max_iterations,
        keep_above,
        unused: [0; 2],
    }
}
