//! The buffers of the estimator on the GPU, all made once.

use super::{
    Variant,
    layout::{Candidate, Pair, PairDiagnosis, PairInput, PairResult, Progress, Settings},
    match_vectors,
};
use crate::constants::{COHERENT_NEIGHBOURS, FINALIST_PLACES, FINALISTS, RECOVERED, SCORE_SHARES, SHARING_WORDS};
use crate::{
    ModelKind, Result,
    gpu::{BufferPart, Context, TypedBuffer},
};

/// How much a pipeline can take at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Pairs.
    pub pairs: u32,
    /// Matches of all pairs together.
    pub matches: u32,
    /// Hypotheses a pair and round.
    pub hypotheses: u32,
    /// Models refined a pair and round, its prior too.
    pub candidates: u32,
    /// Rounds.
    pub rounds: u32,
}

impl Capacity {
    /// Bytes for each hypothesis of a pair and round: sample, models, list and partial scores. 944 for an essential matrix,
    /// 396 fundamental, 168 homography, 448 pose, 196 rigid.
    pub const fn bytes_per_hypothesis(kind: ModelKind) -> u64 {
        (kind.sample_size() * (4 + 16 * match_vectors(kind)) + 4 + kind.max_solutions() * model_bytes()) as u64
    }

    /// Bytes for each match: coordinates, key points and facts, weight and ratio, sums, mask, the words of its points, and of two views
    /// its neighbours with what they say.
    pub const fn bytes_per_match(kind: ModelKind) -> u64 {
        let has_neighbours = matches!(kind, ModelKind::Essential | ModelKind::Fundamental);
        let neighbours = if has_neighbours { 4 * (COHERENT_NEIGHBOURS + FINALISTS as usize - 1) } else { 0 };
        (32 * match_vectors(kind) + 2 * 16 + 2 * 4 + 8 + 4 + 4 * SHARING_WORDS + neighbours) as u64
    }

    /// Bytes for each pair beside its hypotheses and matches.
    pub const fn bytes_per_pair(self, kind: ModelKind) -> u64 {
        let results = 2 * size_of::<PairResult>() + size_of::<PairDiagnosis>();
        let minimal = if matches!(kind, ModelKind::Fundamental) { 48 } else { 0 };
        let finalists = (1 + FINALIST_PLACES as usize) * size_of::<Candidate>();
        (size_of::<PairInput>() + size_of::<Pair>() + finalists + results + 16) as u64
            + self.candidates_a_pair(kind) as u64 * (size_of::<Candidate>() + minimal) as u64
    }

    /// Candidates of a pair: of all rounds, and those recovered from planes.
    pub const fn candidates_a_pair(self, kind: ModelKind) -> u32 {
        let recovered = if matches!(kind, ModelKind::Fundamental) { RECOVERED } else { 0 };
        self.rounds * self.candidates + recovered
    }

    /// Bytes of all buffers.
    pub const fn bytes(self, kind: ModelKind) -> u64 {
        self.pairs as u64 * (self.bytes_per_pair(kind) + self.hypotheses as u64 * Self::bytes_per_hypothesis(kind))
            + self.matches as u64 * Self::bytes_per_match(kind)
    }

    /// Bytes of the largest buffer.
    pub const fn largest_buffer(self, kind: ModelKind) -> u64 {
        let samples = self.pairs as u64 * self.hypotheses as u64;
        let models = samples * 48 * kind.max_solutions() as u64;
        let points = samples * (16 * kind.sample_size() * match_vectors(kind)) as u64;
        let sharing = self.pairs as u64 * 4 + self.matches as u64 * 4 * SHARING_WORDS as u64;
        let most = if models > points { models } else { points };
        if most > sharing { most } else { sharing }
    }
}

/// Rows, list entry and partial scores of a model.
const fn model_bytes() -> usize {
    48 + 4 + 4 * SCORE_SHARES
}

/// Buffers of the host, or parts of them, in place of our own; a whole one is `Some(buffer.into())`.
#[derive(Clone, Debug, Default)]
pub struct HostBuffers {
    /// Matches in pixels: `x1 y1 x2 y2` of two views; `X Y Z 0, x y 0 0` of a pose; `X1 Y1 Z1 0, X2 Y2 Z2 0` of a rigid
    /// transform; f32, storage usage.
    pub matches: Option<BufferPart>,
    /// A weight a match, f32, storage usage.
    pub weights: Option<BufferPart>,
    /// An SNN ratio a match, f32, storage usage.
    pub ratios: Option<BufferPart>,
    /// The key points of a match of two views: their scales in image 1 and 2, pixels, 0 where they are not known, and their
    /// orientations, degrees; f32, storage usage.
    pub key_points: Option<BufferPart>,
    /// What is expected of each pair.
    pub priors: Priors,
}

/// Where a pipeline has what is expected of each pair: a [`PairResult`] whose rows are those of the model, in pixels or world units. One
/// whose rows are all 0, or whose status is not, says nothing; nor does one that is no model.
#[derive(Clone, Debug, Default)]
pub enum Priors {
    /// Nothing is expected.
    #[default]
    None,
    /// In [`Buffers::results`]: of each pair what was found of it last, such as in the last frame. Clearing the buffer forgets it.
    LastResults,
    /// In a buffer of its own, [`Buffers::priors`], that the host writes.
    Written,
    /// In a buffer of the host, with storage usage.
    Host(BufferPart),
}

impl HostBuffers {
    /// # Errors
    /// [`Error::BadBuffer`](crate::Error::BadBuffer) for one that shaders cannot have so many matches in, of so many vectors each.
    pub(crate) fn check(&self, context: &Context, vectors: usize, matches: u32) -> Result<()> {
        let matches = u64::from(matches.max(1));
        let Self { matches: coordinates, weights, ratios, key_points, priors: _ } = self;
        let parts = [
            ("the matches", coordinates, 16 * vectors as u64),
            ("the weights", weights, 4),
            ("the SNN ratios", ratios, 4),
            ("the key points", key_points, 16),
        ];
        let given = parts.into_iter().filter_map(|(what, part, bytes)| Some((what, part.as_ref()?, bytes)));
        given.into_iter().try_for_each(|(what, part, bytes)| part.check(context, what, matches * bytes))
    }

    /// # Errors
    /// [`Error::BadBuffer`](crate::Error::BadBuffer) for priors that shaders cannot have one of so many pairs in each.
    pub(crate) fn check_priors(&self, context: &Context, pairs: u32) -> Result<()> {
        let Priors::Host(part) = &self.priors else { return Ok(()) };
        part.check(context, "the priors", TypedBuffer::<PairResult>::bytes(pairs.max(1) as usize))
    }
}

/// Which arrays over the matches a pipeline needs, beside the matches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MatchArrays {
    /// [`Buffers::weights`].
    pub weights: bool,
    /// [`Buffers::ratios`].
    pub ratios: bool,
    /// [`Buffers::key_points`].
    pub key_points: bool,
    /// [`Buffers::match_facts`].
    pub facts: bool,
    /// [`Buffers::weight_sums`].
    pub sums: bool,
    /// [`Buffers::sharing`], beyond a word a pair.
    pub sharing: bool,
    /// [`Buffers::neighbours`] and [`Buffers::coherence`].
    pub neighbours: bool,
}

/// Every buffer of the pipeline.
#[derive(Debug)]
pub struct Buffers {
    /// One.
    pub settings: TypedBuffer<Settings>,
    /// A pair.
    pub inputs: TypedBuffer<PairInput>,
    /// A match, in pixels.
    pub raw_matches: TypedBuffer<[f32; 4]>,
    /// A match: its weight.
    pub weights: TypedBuffer<f32>,
    /// A match: its SNN ratio.
    pub ratios: TypedBuffer<f32>,
    /// A match: the scales of its key points, then their orientations, degrees.
    pub key_points: TypedBuffer<[f32; 4]>,
    /// A pair: whether something known of its matches is no number; then [`SHARING_WORDS`] a match, in which `weigh_matches` finds
    /// those that share a point.
    pub sharing: TypedBuffer<u32>,
    /// A match: its weights in the score and in the refinement, and (q cos α, −q sin α) of the ratio q of its key points' scales
    /// and the difference α of their orientations, 0 where these are not known.
    pub match_facts: TypedBuffer<[f32; 4]>,
    /// A pair.
    pub pairs: TypedBuffer<Pair>,
    /// A match, normalised.
    pub matches: TypedBuffer<[f32; 4]>,
    /// A match: inclusive prefix sums of its pair's integer weights in both weightings of the sampler.
    pub weight_sums: TypedBuffer<[u32; 2]>,
    /// Head and two lists of pairs.
    pub progress: TypedBuffer<u32>,
    /// Hypothesis × sample size.
    pub samples: TypedBuffer<u32>,
    /// Hypothesis × sample size, normalised.
    pub points: TypedBuffer<[f32; 4]>,
    /// Hypothesis × most solutions.
    pub models: TypedBuffer<[[f32; 4]; 3]>,
    /// A hypothesis.
    pub model_counts: TypedBuffer<u32>,
    /// Pair × (1 + hypotheses × most solutions).
    pub lists: TypedBuffer<u32>,
    /// Model × [`SCORE_SHARES`].
    pub partial_scores: TypedBuffer<f32>,
    /// Pair × [`Capacity::candidates_a_pair`].
    pub candidates: TypedBuffer<Candidate>,
    /// Of a fundamental matrix: as many, as the solver found them.
    pub minimal_models: TypedBuffer<[[f32; 4]; 3]>,
    /// A pair.
    pub best: TypedBuffer<Candidate>,
    /// Workgroups of four kinds of stages, for indirect dispatch.
    pub workgroups: TypedBuffer<u32>,
    /// Hypotheses of the round, and workgroups of the scoring for indirect dispatch.
    pub round_counts: TypedBuffer<u32>,
    /// Pair × [`FINALIST_PLACES`].
    pub finalists: TypedBuffer<Candidate>,
    /// A match: its nearest others, where these have a say.
    pub neighbours: TypedBuffer<u32>,
    /// Of three finalists at most, match by match: what each counts by what its neighbours say.
    pub coherence: TypedBuffer<f32>,
    /// A pair: what is expected, where anything is.
    pub priors: TypedBuffer<PairResult>,
    /// A pair; with uniform usage, so that a host's shader may read one of them so.
    pub results: TypedBuffer<PairResult>,
    /// A pair.
    pub diagnoses: TypedBuffer<PairDiagnosis>,
    /// A match: 1 for an inlier of its pair's model.
    pub inlier_mask: TypedBuffer<u32>,
}

impl Buffers {
    /// Makes all buffers; those over the matches that are not needed are of one element.
    pub fn new(
        context: &Context,
        variant: Variant,
        capacity: Capacity,
        needed: MatchArrays,
        host: HostBuffers,
    ) -> Self {
        let kind = variant.kind;
        let [pairs, matches] = [capacity.pairs as usize, capacity.matches as usize];
        let hypotheses = pairs * capacity.hypotheses as usize;
        let models = hypotheses * kind.max_solutions();
        let candidates = pairs * capacity.candidates_a_pair(kind) as usize;
        let vectors = matches * variant.match_vectors();
        let sample_points = hypotheses * kind.sample_size() * variant.match_vectors();
        let when = |is_needed: bool, len: usize| if is_needed { len } else { 1 };
        let arrays = [needed.weights, needed.ratios, needed.key_points].map(|is_needed| when(is_needed, matches));
        let indirect = |label, len| TypedBuffer::with_usage(context, label, len, wgpu::BufferUsages::INDIRECT);
        let results = TypedBuffer::with_usage(context, "results", pairs, wgpu::BufferUsages::UNIFORM);
        let priors = match host.priors {
            Priors::None => TypedBuffer::new(context, "no priors", 1),
            Priors::LastResults => results.clone(),
            Priors::Written => TypedBuffer::new(context, "priors", pairs),
            Priors::Host(part) => TypedBuffer::from_part(part, pairs),
        };
        Self {
            settings: TypedBuffer::uniform(context, "settings"),
            inputs: TypedBuffer::new(context, "pair inputs", pairs),
            raw_matches: of_host_or_new(context, "matches in pixels", host.matches, vectors),
            weights: of_host_or_new(context, "weights", host.weights, arrays[0]),
            ratios: of_host_or_new(context, "ratios", host.ratios, arrays[1]),
            key_points: of_host_or_new(context, "key points", host.key_points, arrays[2]),
            sharing: TypedBuffer::new(context, "shared points", pairs + when(needed.sharing, SHARING_WORDS * matches)),
            match_facts: TypedBuffer::new(context, "match facts", when(needed.facts, matches)),
            pairs: TypedBuffer::new(context, "pairs", pairs),
            matches: TypedBuffer::new(context, "matches", vectors),
            weight_sums: TypedBuffer::new(context, "weight sums", when(needed.sums, matches)),
            progress: TypedBuffer::new(context, "progress", Progress::WORDS + 2 * pairs),
            samples: TypedBuffer::new(context, "samples", hypotheses * kind.sample_size()),
            points: TypedBuffer::new(context, "sampled points", sample_points),
            models: TypedBuffer::new(context, "models", models),
            model_counts: TypedBuffer::new(context, "model counts", hypotheses),
            lists: TypedBuffer::new(context, "model lists", models + pairs),
            partial_scores: TypedBuffer::new(context, "partial scores", models * SCORE_SHARES),
            candidates: TypedBuffer::new(context, "candidates", candidates),
            minimal_models: TypedBuffer::new(
                context,
                "minimal models",
                if kind == ModelKind::Fundamental { candidates } else { 1 },
            ),
            best: TypedBuffer::new(context, "best models", pairs),
            workgroups: indirect("workgroups", 12),
            round_counts: indirect("round counts", 4),
            finalists: TypedBuffer::new(context, "finalists", pairs * FINALIST_PLACES as usize),
            neighbours: TypedBuffer::new(context, "neighbours", when(needed.neighbours, COHERENT_NEIGHBOURS * matches)),
            coherence: TypedBuffer::new(
                context,
                "coherence",
                when(needed.neighbours, (FINALISTS as usize - 1) * matches),
            ),
            priors,
            results,
            diagnoses: TypedBuffer::new(context, "diagnoses", pairs),
            inlier_mask: TypedBuffer::new(context, "inlier mask", matches),
        }
    }
}

/// The host's buffer where it gives one, else one of our own.
pub(crate) fn of_host_or_new<T: bytemuck::Pod>(
    context: &Context,
    label: &str,
    host: Option<BufferPart>,
    len: usize,
) -> TypedBuffer<T> {
    host.map_or_else(|| TypedBuffer::new(context, label, len), |part| TypedBuffer::from_part(part, len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_a_hypothesis_are_as_documented() {
        assert_eq!(ModelKind::ALL.map(Capacity::bytes_per_hypothesis), [944, 396, 168, 448, 196]);
    }
}
