//! The estimator on the GPU, encoded into a host's frame: rounds of sample → solve → pack → score → select → refine → plan,
//! then the final refinement and the mask; nothing is read back and nothing allocated.

use crate::constants;
use crate::constants::MAX_CANDIDATES;
use crate::ransac::{
    Options,
    stages::{
        schedule::{FINAL, KEEP_FINAL, LOCAL, REFINED_A_ROUND, Rounds},
        weights::{Given, rules, uses_key_points},
    },
};
use crate::{
    Error, ModelKind, Result,
    cpu::{
        magsac::MagsacFit,
        robust::Loss,
        search::{
            refine_model::Refinement,
            weigh_matches::{Rules, SampleBy},
        },
    },
    gpu::{Context, Shader, TypedBuffer},
    kernels::{self, Buffers, Capacity, HostBuffers, MatchArrays, Stage, Variant, Workgroups, layout, solve::solver},
};

/// A model refined in a round is kept where its score does not fall.
const KEEP_LOCAL: f32 = 1.0;
/// Hypotheses of a round at most, unless that makes too many rounds, which are all encoded ahead; a fixed budget up to it
/// is one round. More than on the CPU: on a GPU few long steps are quicker than many short ones.
const LONGEST_ROUND: u32 = 1024;
const MAX_ROUNDS: u32 = 128;
/// Of so many hypotheses of a round one model is refined.
const HYPOTHESES_A_CANDIDATE: u32 = 64;
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
    refine_local: Stage,
    refine_final: Stage,
    mark: Stage,
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
        let needed = arrays(&rules, given);
        let settings = settings(variant, options, capacity, &rules, given);
        let made = context.catch(|| {
            let buffers = Buffers::new(&context, variant, capacity, needed, host);
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

    pub(crate) const fn candidates_a_pair(&self) -> usize {
        (self.capacity.candidates * self.capacity.rounds) as usize
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
            encode("refine_model, of a round", &stages.refine_local, a_candidate);
            encode("plan_round", &stages.plan, one);
        }
        encode("refine_model, of the winner", &stages.refine_final, pairs);
        encode("mark_inliers", &stages.mark, pairs);
        before(&mut pass, "end");
    }
}

impl Stages {
    fn new(context: &Context, variant: Variant, buffers: &Buffers) -> Self {
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
            refine_local: kernels::search::refine_model::local_stage(context, variant, b),
            refine_final: kernels::search::refine_model::final_stage(context, variant, b),
            mark: kernels::search::mark_inliers::stage(context, variant, b),
        }
    }
}

/// The rounds of these options; the first has as many hypotheses as must be drawn anyway.
fn rounds(options: &Options) -> Rounds {
    let first = options.min_iterations.clamp(Rounds::CPU.first, LONGEST_ROUND).min(options.max_iterations);
    let longest = LONGEST_ROUND.max(options.max_iterations.div_ceil(MAX_ROUNDS));
    Rounds { first, longest: longest.min(first.max(options.max_iterations / 2)) }
}

/// Hypotheses, candidates and rounds at most, for one pair.
pub(crate) fn capacity_for(options: &Options) -> Capacity {
    let hypotheses = rounds(options).longest;
    let candidates = (hypotheses / HYPOTHESES_A_CANDIDATE).clamp(REFINED_A_ROUND as u32, MAX_CANDIDATES);
    Capacity { pairs: 1, matches: 1, hypotheses, candidates, rounds: round_starts(options).count() as u32 }
}

/// The first hypothesis of each round.
pub(crate) fn round_starts(options: &Options) -> impl Iterator<Item = u32> {
    rounds(options).starts(options.max_iterations)
}

/// What the weighing of matches reads and writes.
const fn arrays(rules: &Rules, given: Given) -> MatchArrays {
    let Given { weights, ratios, key_points } = given;
    let Rules { one_to_one, weigh_score, weigh_refinement, .. } = *rules;
    let facts = one_to_one || weigh_score || weigh_refinement || key_points;
    let sums = !matches!(rules.sample_by, SampleBy::Nothing);
    MatchArrays { weights, ratios, key_points, facts, sums, sharing: one_to_one }
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
        first_round: rounds(options).first,
        rounds: capacity.rounds,
        weigh_matches: u32::from(arrays(rules, given).facts),
        solver_hypotheses: solver::hypotheses_a_workgroup(&solver::shader(variant.kind)),
        min_inliers: options.min_inliers,
        candidates_a_pair: capacity.candidates_a_pair(variant.kind),
        unused: [0; 2],
        magsac: MagsacFit::new(variant.kind).vectors(),
    }
}

fn refinement(from: &Refinement, candidates: u32, keep_above: f32) -> layout::Refinement {
    let (loss, scale) = match from.loss {
        Loss::Truncated => (constants::TRUNCATED_LOSS, 1.0),
        Loss::Cauchy(scale) => (constants::CAUCHY_LOSS, scale),
        Loss::Squared => (constants::SQUARED_LOSS, 1.0),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_reach_the_last_hypothesis_and_a_fixed_budget_is_one() {
        let of = |min_iterations, max_iterations| {
            let options = Options { min_iterations, max_iterations, ..Options::default() };
            let capacity = capacity_for(&options);
            assert!(rounds(&options).first <= capacity.hypotheses, "{min_iterations} {max_iterations}");
            capacity.rounds
        };
        assert_eq!(of(1000, 1000), 1);
        assert_eq!(of(1, 1), 1);
        // 32 32 64 128 256 512 1024
        assert_eq!(of(1, 2048), 7);
        assert!(of(1000, 100_000) <= 128);
        assert!(of(0, u32::MAX) <= 160);
    }
}
