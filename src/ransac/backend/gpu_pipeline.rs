//! The estimator on the GPU, encoded into a host's frame: rounds of sample → solve → pack → score → select → refine → plan,
//! then the final refinement and the mask; nothing is read back and nothing allocated.

use crate::ransac::{
    Options,
    backend::gpu_last_stages::{LastStage, last_stages, local_stage},
    stages::{
        coherence::serves,
        schedule::{Rounds, candidates_of},
        weights::{Given, rules, uses_key_points},
    },
};
use crate::{
    Error, ModelKind, Result,
    cpu::{
        magsac::MagsacFit,
        search::weigh_matches::{Rules, SampleBy},
    },
    gpu::{Context, Shader, TypedBuffer},
    kernels::{self, Buffers, Capacity, HostBuffers, MatchArrays, Stage, Variant, Workgroups, layout, solve::solver},
};

/// Bytes from one entry of the workgroup counts to the next.
const ENTRY: u64 = 12;

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
    weigh: Stage,
    normalize: Stage,
    plan: Stage,
    sample: Stage,
    solve: Stage,
    pack: Stage,
    score: Stage,
    select: Stage,
    refine: Stage,
    last: Vec<LastStage>,
}

impl GpuPipeline {
    /// A pipeline for models of `kind`, with all its buffers; `matches` is the room for those of all pairs together.
    ///
    /// Weights, SNN ratios and key points are used where the host gives their buffers.
    ///
    /// # Errors
    /// [`Error::BadOption`]; [`Error::MissingInput`]; [`Error::OutOfMemory`] when a buffer would exceed the device's limit; [`Error::Device`].
    pub async fn new(
        context: Context,
        kind: ModelKind,
        options: &Options,
        [pairs, matches]: [u32; 2],
        host: HostBuffers,
    ) -> Result<Self> {
        options.check()?;
        if options.use_all {
            let expected = "false, where matches stay on the GPU";
            return Err(Error::BadOption { name: "use_all", expected, found: "true".to_owned() });
        }
        let given = Given {
            weights: host.weights.is_some(),
            ratios: host.ratios.is_some(),
            key_points: host.key_points.is_some() && uses_key_points(kind, options),
        };
        let capacity = Capacity { pairs, matches, ..capacity_for(options) };
        Self::with_given(context, kind, options, capacity, given, host).await
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

    pub(crate) async fn with_given(
        context: Context,
        kind: ModelKind,
        options: &Options,
        capacity: Capacity,
        given: Given,
        host: HostBuffers,
    ) -> Result<Self> {
        let rules = rules(kind, options, given)?;
        let [needed, available] = [capacity.largest_buffer(kind), context.max_storage_bytes()];
        if needed > available {
            return Err(Error::OutOfMemory { needed, available });
        }
        let variant = Variant { kind, residual: options.residual, score: options.score };
        let needed = arrays(&rules, given, options.coherent && serves(kind));
        let settings = settings(variant, options, capacity, &rules, given);
        let made = context.catch(|| {
            let buffers = Buffers::new(&context, variant, capacity, needed, host);
            let stages = Stages::new(&context, variant, options, capacity, &buffers);
            (buffers, stages)
        });
        let (buffers, stages) = made.await?;
        Ok(Self { context, capacity, settings, buffers, stages })
    }

    /// How much it takes at once.
    pub const fn capacity(&self) -> Capacity {
        self.capacity
    }

    /// Sets the pairs of the next submissions; their matches are ranges of [`Self::raw_matches`], each of one pair alone.
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
        self.encode_observed(encoder, |_, _| {});
    }

    /// [`Self::encode`], with a call before each stage that is given the stage's name, and one after the last that is given
    /// `end`: for timestamps.
    pub fn encode_observed(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        mut before: impl FnMut(&mut wgpu::ComputePass<'_>, &'static str),
    ) {
        encoder.clear_buffer(&self.buffers.progress, 0, None);
        encoder.clear_buffer(&self.buffers.best, 0, None);
        encoder.clear_buffer(&self.buffers.candidates, 0, None);
        let mut pass =
            encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label: Some("ransac"), ..Default::default() });
        let mut encode = |name, stage: &Stage, workgroups| {
            before(&mut pass, name);
            stage.encode(&mut pass, workgroups);
        };
        let indirect = |entry: u64| Workgroups::Indirect(&self.buffers.workgroups, entry * ENTRY);
        let [a_hypothesis, a_pair, a_candidate, of_solver] = [0, 1, 2, 3].map(indirect);
        let [one, pairs] = [1, self.capacity.pairs].map(Workgroups::Count);
        let stages = &self.stages;
        if self.settings.weighing != 0 {
            encode("weigh_matches", &stages.weigh, pairs);
        }
        encode("normalize_matches", &stages.normalize, pairs);
        encode("plan_round", &stages.plan, one);
        for _ in 0..self.settings.rounds {
            encode("sample_minimal", &stages.sample, a_hypothesis);
            encode("solve", &stages.solve, of_solver);
            encode("pack_models", &stages.pack, a_pair);
            encode("score_models", &stages.score, Workgroups::Indirect(&self.buffers.round_counts, 4));
            encode("select_best", &stages.select, a_pair);
            encode("refine_model, of a round", &stages.refine, a_candidate);
            encode("plan_round", &stages.plan, one);
        }
        for LastStage { name, stage, workgroups } in &stages.last {
            encode(name, stage, Workgroups::Count(*workgroups));
        }
        before(&mut pass, "end");
    }
}

impl Stages {
    fn new(context: &Context, variant: Variant, options: &Options, capacity: Capacity, buffers: &Buffers) -> Self {
        let b = buffers;
        let Shader { name, parts } = solver::shader(variant.kind);
        Self {
            weigh: kernels::search::weigh_matches::stage(context, variant, b),
            normalize: kernels::search::normalize_matches::stage(context, variant, b),
            plan: kernels::search::plan_round::stage(context, variant, b),
            sample: kernels::search::sample_minimal::stage(context, variant, b),
            solve: Stage::new(context, name, parts, &[&b.round_counts, &b.points, &b.models, &b.model_counts]),
            pack: kernels::search::pack_models::stage(context, variant, b),
            score: kernels::search::score_models::stage(context, variant, b),
            select: kernels::search::select_best::stage(context, variant, b),
            refine: local_stage(context, variant, b),
            last: last_stages(context, variant, options, capacity, b),
        }
    }
}

/// Hypotheses, candidates and rounds at most, for one pair.
pub(crate) fn capacity_for(options: &Options) -> Capacity {
    let hypotheses = Rounds::of(options).longest;
    Capacity {
        pairs: 1,
        matches: 1,
        hypotheses,
        candidates: candidates_of(hypotheses),
        rounds: Rounds::of(options).starts(options.max_iterations).count() as u32,
    }
}

/// What the weighing of matches reads and writes.
const fn arrays(rules: &Rules, given: Given, coherent: bool) -> MatchArrays {
    let Given { weights, ratios, key_points } = given;
    let Rules { one_to_one, weigh_score, weigh_refinement, .. } = *rules;
    let facts = one_to_one || weigh_score || weigh_refinement || key_points;
    let sums = !matches!(rules.sample_by, SampleBy::Nothing);
    MatchArrays { weights, ratios, key_points, facts, sums, sharing: one_to_one, neighbours: coherent }
}

fn settings(variant: Variant, options: &Options, capacity: Capacity, rules: &Rules, given: Given) -> layout::Settings {
    layout::Settings {
        pair_count: 0,
        hypotheses: capacity.hypotheses,
        sample_size: variant.kind.sample_size() as u32,
        max_solutions: variant.kind.max_solutions() as u32,
        candidates: capacity.candidates,
        min_iterations: options.min_iterations,
        max_iterations: options.max_iterations,
        log_miss: (1.0 - options.confidence).ln() as f32,
        weigh_sampling: rules.sample_by as u32,
        weighing: rules.flags() | given.flags(),
        sample_ratio_below: rules.ratio_below,
        kind: variant.kind as u32,
        first_round: Rounds::of(options).first,
        rounds: capacity.rounds,
        weigh_matches: u32::from(arrays(rules, given, false).facts),
        solver_hypotheses: solver::hypotheses_a_workgroup(&solver::shader(variant.kind)),
        min_inliers: options.min_inliers,
        candidates_a_pair: capacity.candidates_a_pair(variant.kind),
        key_points: u32::from(given.key_points),
        diagnose: u32::from(options.diagnose),
        match_capacity: capacity.matches,
        unused0: 0,
        unused1: [0; 2],
        magsac: MagsacFit::new(variant.kind).vectors(),
    }
}
