//! The structs that cross to the GPU; `shaders/shared/layout/types.wgsl` has their twins, and a test compares the two.

use crate::constants;
use crate::cpu::{
    residual::ModelRows,
    search::normalize_matches::{closest_motion, matrix_of, pose_of, rows_of_matrix, rows_of_pose},
};
use crate::{Model, ModelKind};
use bytemuck::{Pod, Zeroable};

/// What the caller says of one pair. A pose has its camera in `camera2`; models without cameras read none.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct PairInput {
    /// fx, fy, cx, cy of image 1, pixels.
    pub camera1: [f32; 4],
    /// fx, fy, cx, cy of image 2, pixels.
    pub camera2: [f32; 4],
    /// Skew of both, pixels.
    pub skew: [f32; 2],
    /// Inlier threshold, pixels (for rigid transforms in the unit of the points).
    pub threshold: f32,
    /// Its first match in the buffer of all matches.
    pub match_start: u32,
    /// How many matches it has.
    pub match_count: u32,
    /// Low word of the seed.
    pub seed_low: u32,
    /// High word of the seed.
    pub seed_high: u32,
    /// 0 leaves the pair out.
    pub enabled: u32,
}

/// A pair: normalised = (x − offset) · scale on each side.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Pair {
    /// Offset of side 1.
    pub offset1: [f32; 3],
    /// First match.
    pub match_start: u32,
    /// Scale of side 1.
    pub scale1: [f32; 3],
    /// Matches.
    pub match_count: u32,
    /// Offset of side 2.
    pub offset2: [f32; 3],
    /// Why it cannot be estimated, or 0.
    pub flags: u32,
    /// Scale of side 2.
    pub scale2: [f32; 3],
    /// Matches that may be sampled.
    pub sampleable: u32,
    /// One threshold in normalised units, for x1, y1, x2, y2.
    pub metric: [f32; 4],
    /// Low and high word.
    pub seed: [u32; 2],
    /// Hypotheses drawn.
    pub iterations: u32,
    /// Hypotheses drawn at most: fewer than the settings say where there are few matches.
    pub budget: u32,
}

/// The round under way. In its buffer follows the pair of each slot, for the pairs that are not finished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Progress {
    /// Pairs that are not finished.
    pub active_pairs: u32,
    /// Hypotheses a pair in this round.
    pub hypotheses: u32,
    /// Hypotheses a pair of the rounds before.
    pub first_hypothesis: u32,
    /// Its number, from 1.
    pub round: u32,
    /// Refined a pair in this round, the prior too.
    pub candidates: u32,
}

impl Progress {
    /// Words in front of the pairs.
    pub const WORDS: usize = size_of::<Self>() / size_of::<u32>();

    /// What the buffer holds with these pairs.
    pub fn with_pairs(self, pairs: impl IntoIterator<Item = u32>) -> Vec<u32> {
        bytemuck::cast::<Self, [u32; Self::WORDS]>(self).into_iter().chain(pairs).collect()
    }
}

/// What all stages share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Settings {
    /// Pairs of this submission.
    pub pair_count: u32,
    /// Hypotheses a pair and round at most.
    pub hypotheses: u32,
    /// Matches a sample.
    pub sample_size: u32,
    /// Most models a hypothesis.
    pub max_solutions: u32,
    /// Models refined a pair and round.
    pub candidates: u32,
    /// Hypotheses a pair at least.
    pub min_iterations: u32,
    /// Hypotheses a pair at most.
    pub max_iterations: u32,
    /// ln(1 − confidence).
    pub log_miss: f32,
    /// One of `BY_…` of [`constants`].
    pub weigh_sampling: u32,
    /// [`KNOWS_WEIGHTS`](constants::KNOWS_WEIGHTS) and those after it; 0 where nothing is known of any match.
    pub weighing: u32,
    /// Matches of a higher SNN ratio are not sampled.
    pub sample_ratio_below: f32,
    /// The place of the model in [`ModelKind::ALL`](crate::ModelKind::ALL).
    pub kind: u32,
    /// Hypotheses of the first round; a later one has as many as there were before it.
    pub first_round: u32,
    /// Rounds at most.
    pub rounds: u32,
    /// Whether matches have weights of their own in the score and in the refinement.
    pub weigh_matches: u32,
    /// Hypotheses that one workgroup of the solver takes.
    pub solver_hypotheses: u32,
    /// Inliers that a model has at least.
    pub min_inliers: u32,
    /// Candidates of a pair: of all rounds, and those recovered from planes.
    pub candidates_a_pair: u32,
    /// Whether the agreement of key points counts in the final score.
    pub key_points: u32,
    /// Whether what the estimate leaves open is looked for.
    pub diagnose: u32,
    /// Matches that all pairs have room for.
    pub match_capacity: u32,
    /// 1 where a prior of each pair is one more candidate of the first round, else 0.
    pub priors: u32,
    /// Unused.
    pub unused: [u32; 2],
    /// What the MAGSAC++ gain is computed from: [`MagsacFit::vectors`](crate::cpu::magsac::MagsacFit::vectors).
    pub magsac: [[f32; 4]; constants::MAGSAC_VECTORS],
}

/// A model in normalised coordinates, one of a round's best.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Candidate {
    /// Its rows.
    pub rows: [[f32; 4]; 3],
    /// Its score.
    pub score: f32,
    /// Its score with the agreement of key points, once it is refined.
    pub final_score: f32,
    /// Hypotheses, once it is refined, that the confidence asked for needs.
    pub needed: u32,
    /// Hypothesis of the round × most solutions + solution.
    pub model: u32,
    /// Hypothesis, of all rounds.
    pub hypothesis: u32,
    /// Whether there is one.
    pub found: u32,
    /// Of a finalist: the final score below which no refinement is kept.
    pub least: f32,
    /// Of the Cauchy loss of its next refinement, thresholds squared, where that goes by its noise.
    pub scale_sq: f32,
}

/// What an estimate leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct PairDiagnosis {
    /// The homography that explains the most inliers, pixels.
    pub homography: [[f32; 4]; 3],
    /// [R | t] of the best motion clearly different from the winner.
    pub second_motion: [[f32; 4]; 3],
    /// Its score.
    pub second_score: f32,
    /// Inliers that the homography explains.
    pub homography_inliers: u32,
    /// Inliers that a rotation alone explains.
    pub rotation_inliers: u32,
    /// [`PLANAR`](crate::constants::PLANAR) and those after it.
    pub flags: u32,
}

/// The result of one pair.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct PairResult {
    /// [R | t], or a 3×3 matrix in the first three columns; in pixels or world units.
    pub rows: [[f32; 4]; 3],
    /// Its score.
    pub score: f32,
    /// Its inliers.
    pub inliers: u32,
    /// Hypotheses drawn.
    pub iterations: u32,
    /// 0 found, else [`NO_MODEL`](crate::constants::NO_MODEL) or why the pair could not be estimated.
    pub status: u32,
    /// The logarithm of the chance that no sample of its inliers only was drawn.
    pub log_rest: f32,
    /// Unused.
    pub unused: [u32; 3],
}

impl PairResult {
    /// A result that says no more than the model, for a prior.
    pub fn of_model(model: &Model) -> Self {
        match model {
            Model::Essential(pose) | Model::Pose(pose) | Model::Rigid(pose) => Self::of_rows(&rows_of_pose(pose)),
            Model::Fundamental(matrix) | Model::Homography(matrix) => Self::of_rows(&rows_of_matrix(matrix)),
        }
    }

    pub(crate) fn of_rows(rows: &ModelRows) -> Self {
        Self { rows: rows.map(|row| row.map(|entry| entry as f32)), ..Self::zeroed() }
    }

    /// The model, of the kind that was asked for; `None` where none was found. Rotations are those closest to the rows.
    pub fn model(&self, kind: ModelKind) -> Option<Model> {
        if self.status != 0 || self.rows == [[0.0; 4]; 3] {
            return None;
        }
        let rows = self.rows.map(|row| row.map(f64::from));
        Some(match kind {
            ModelKind::Fundamental => Model::Fundamental(matrix_of(&rows)),
            ModelKind::Homography => Model::Homography(matrix_of(&rows)),
            ModelKind::Essential => Model::Essential(pose_of(&closest_motion(kind, &rows))),
            ModelKind::Pose => Model::Pose(pose_of(&closest_motion(kind, &rows))),
            ModelKind::Rigid => Model::Rigid(pose_of(&closest_motion(kind, &rows))),
        })
    }
}

/// One refinement: of which models, of what, and when its result is kept.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Refinement {
    /// Place of the first of a pair's models.
    pub first: u32,
    /// Models of each pair; 0: the candidates of the round under way.
    pub count: u32,
    /// Places from a pair to the next.
    pub stride: u32,
    /// 0 truncated, 1 Cauchy, 2 squared.
    pub loss: u32,
    /// Of the Cauchy loss, thresholds squared; 0: the model's own.
    pub scale_sq: f32,
    /// Farther matches take no part, thresholds squared.
    pub reach_sq: f32,
    /// Steps at most.
    pub iterations: u32,
    /// [`KEEP_BETTER`](crate::constants::KEEP_BETTER) or one after it.
    pub keep: u32,
    /// Whether matches weigh what their neighbours say.
    pub by_neighbours: u32,
}

/// A weighing of matches by their neighbours: of which finalists of each pair, and where it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Coherence {
    /// The place of the finalists of a pair.
    pub first: u32,
    /// How many take part from that place on.
    pub places: u32,
    /// 1 where matches too far from their model keep what they had, 0 where they get their weight in the refinement.
    pub again: u32,
}

/// Sizes of one layer of a network that ranks matches; what a stage does not need is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct LayerShape {
    /// Columns of the rows read.
    pub inputs: u32,
    /// Columns of the rows written.
    pub outputs: u32,
    /// Neighbours of a match.
    pub neighbours: u32,
    /// What follows the computation; the values are in the CPU twin of each stage.
    pub mode: u32,
}

/// A frame, and the map that it is localised in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct FrameShape {
    /// Width of the image at the map's height, pixels.
    pub width: u32,
    /// Height of it, pixels.
    pub height: u32,
    /// Columns of its cells.
    pub columns: u32,
    /// Rows of them.
    pub rows: u32,
    /// Keys of the map.
    pub keys: u32,
    /// The spread at which a cell is sampled half as often, in the scene's unit.
    pub doubtful_spread: f32,
    /// 1 where the texture is read in linear light, so that its levels are to be encoded again.
    pub encode: u32,
    /// Unused.
    pub unused: u32,
}

/// A plane that a step of a convolutional network reads, and the one that it makes of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct PlaneShape {
    /// Columns of the plane read.
    pub columns: u32,
    /// Rows of it.
    pub rows: u32,
    /// Channels of both; of a convolution, of the plane read.
    pub channels: u32,
    /// Every so many pixels along both axes a convolution makes one.
    pub stride: u32,
    /// Columns of the plane written.
    pub columns_out: u32,
    /// Rows of it.
    pub rows_out: u32,
    /// Unused.
    pub unused: [u32; 2],
}
