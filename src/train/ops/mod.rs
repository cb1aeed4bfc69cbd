//! Operations with gradients of their own, for any Burn model: from match logits and coordinates, through minimal samples and
//! minimal solvers, to losses of all hypotheses.
//!
//! ```no_run
//! use burn::tensor::Tensor;
//! use nabla_ransac::{ModelKind, train::ops::*};
//!
//! /// `logits` [M] and `points` [M, 4] are those of your own model, for the pairs of a batch one after the other.
//! fn loss(logits: Tensor<1>, points: Tensor<2>, truth: &Truth, packing: &Packing, step: u32) -> nabla_ransac::Result<Tensor<1>> {
//!     let sampling = Sampling { hypotheses: 64, sample_size: 5, temperature: 1.0, seed: 0, step, first_pair: 0 };
//!     let samples = sample_minimal(logits, points.clone(), packing, &sampling)?;
//!     let solved = solve_essential_5pt(samples.points, truth.models.clone())?;
//!     let weights = LossWeights { pose: 1.0, ..LossWeights::default() };
//!     let losses = model_losses(ModelKind::Essential, solved.models, points, truth, packing, &weights)?;
//!     Ok(mean_over_hypotheses(losses.total, solved.valid))
//! }
//! # let device = burn::tensor::Device::flex().autodiff();
//! // two pairs with 700 and 1200 matches, thresholds of 1 pixel at focal lengths of 800 and 500 pixels
//! let packing = Packing::new(&[700, 1200], &[[1.0 / 800.0; 4], [1.0 / 500.0; 4]])?;
//! # Ok::<(), nabla_ransac::Error>(())
//! ```
//!
//! For camera localisation [`draw_hypotheses`] and [`refine_poses`] take the place of sampling and solving.
//!
//! `loss.backward()` then reaches whatever made the logits and the coordinates; `examples/train_matcher.rs` trains a key-point
//! detector so.
//!
//! The other way is DSAC's: not the mean over all hypotheses, but the expected loss of the one that is selected by its score
//! ([`select_hypotheses`]). `docs/dsac.md` builds it of these operations; `examples/dsac_line.rs` is its toy.
//!
//! # Shapes and units
//! Matches of all pairs are packed one pair after the other, never padded ([`Packing`]): M rows in all. A row is x1 y1 x2 y2
//! in normalised image coordinates for E, F and H (for F and H any coordinates of a spread near 1), X Y Z x y for an absolute
//! pose, X1 Y1 Z1 X2 Y2 Z2 for a rigid transform. With P pairs of H hypotheses, rows p·H + h of B = P·H belong to pair p.
//! Models are rows of twelve: [R | t] with |t| = 1 for E, [R | t] for poses and rigid transforms, a 3×3 matrix of norm 1 with
//! zeros in the fourth column for F and H. Thresholds are one a pair, in normalised units; errors are in squared thresholds.
//! All tensors are f32.
//!
//! # Devices
//! Everything runs on Burn's Flex backend, by the CPU twins in f64, and on its wgpu backend, by the same WGSL shaders as the
//! estimator, software adapters included. Fusion and other backends are not supported.
//!
//! # Memory
//! O(M + B · m) for samples of m matches: the noise of the sampler, the residuals and the gains are computed anew in the
//! backward passes, and there is never a table of hypotheses × matches but where it is asked for ([`error_images`]).
//!
//! # What can go wrong
//! Wrong shapes and options are errors. Numbers that are NaN or infinite, pairs with too few matches and degenerate samples
//! are not: they give no sample, no model (`valid` 0) or gradient 0, and no NaN comes out. Tensors on different devices make
//! Burn panic.

mod attend_memory;
mod average_poses;
mod backend;
mod candidates;
mod closest_model;
mod draw_hypotheses;
mod error_images;
mod gather_matches;
mod kernel;
mod match_losses;
mod objectives;
mod packing;
mod pose_loss;
mod refine_candidates;
mod refine_poses;
mod residuals;
mod sample_gumbel;
mod select_hypotheses;
mod sharpness;
mod soft_inliers;
mod solve;
mod solve_backward;
mod solver;
mod spatial;
mod sum_weights;
mod weighted_scores;

pub use attend_memory::attend_memory;
pub use average_poses::{AveragePose, average_poses};
pub use draw_hypotheses::{Drawing, Hypotheses, draw_hypotheses};
pub use error_images::error_images;
pub use match_losses::{MatchLosses, match_losses};
pub use objectives::{LossWeights, ModelLosses, Truth, mean_over_hypotheses, model_losses, score_function_loss};
pub use packing::Packing;
pub use pose_loss::pose_loss;
pub use refine_poses::{Refined, Refining, refine_poses};
pub use sample_gumbel::{Samples, Sampling, sample_minimal};
pub use select_hypotheses::{Selection, select_hypotheses};
pub use sharpness::sharpness_for_entropy;
pub use soft_inliers::{SoftInliers, soft_inlier_scores};
pub use solve::{
    Solved, solve, solve_essential_5pt, solve_fundamental_7pt, solve_fundamental_8pt, solve_homography_4pt,
    solve_pose_p3p, solve_rigid_3pt,
};
pub use solver::Solver;
pub use weighted_scores::weighted_scores;

pub(super) use backend::launch;
pub(super) use objectives::log_sum_exp;
pub(super) use refine_candidates::{Choice, refine_candidates};
pub(super) use solver::model_rows;

use crate::{ModelKind, Score};

/// The code of the guide compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/localisation.md")]
#[doc = include_str!("../../../docs/dsac.md")]
struct Guide;

/// The names and texts of every shader that runs under Burn alone, to be validated.
#[doc(hidden)]
pub fn shader_texts() -> Vec<(&'static str, String)> {
    use match_losses::Pass;
    use residuals::OfResiduals;
    use weighted_scores::Stem;
    let fixed = [
        sample_gumbel::SAMPLE,
        sample_gumbel::SAMPLE_BACKWARD,
        attend_memory::FORWARD,
        attend_memory::BY_QUERIES,
        attend_memory::BY_MEMORY,
        gather_matches::GATHER,
        gather_matches::GATHER_BACKWARD,
        candidates::WEIGHTED_8PT,
        closest_model::CLOSEST,
        pose_loss::FORWARD,
        sum_weights::SUM,
        pose_loss::BACKWARD,
        average_poses::FORWARD,
        average_poses::BY_MODELS,
        average_poses::BY_WEIGHTS,
        select_hypotheses::FORWARD,
        select_hypotheses::BACKWARD,
        super::networks::ops::NORM_BACKWARD,
        super::networks::ops::POOL_BACKWARD,
    ];
    let mut sources: Vec<kernel::Source> = fixed.into_iter().map(Into::into).collect();
    sources.extend([ModelKind::Essential, ModelKind::Fundamental].map(refine_candidates::source));
    sources.extend([ModelKind::Pose, ModelKind::Rigid].map(draw_hypotheses::source));
    sources.extend([ModelKind::Pose, ModelKind::Rigid].map(refine_poses::source));
    sources.extend([ModelKind::Pose, ModelKind::Rigid].map(refine_poses::backward_source));
    for kind in ModelKind::ALL {
        sources.extend([Pass::Forward, Pass::ByModels, Pass::ByPoints].map(|pass| match_losses::source(kind, pass)));
        for pass in residuals::Pass::ALL {
            sources.push(soft_inliers::Scores::source(kind, pass));
            sources.push(error_images::Images::source(kind, pass));
        }
        for score in [Score::Ransac, Score::Msac, Score::Magsacpp] {
            sources.extend([Stem::Forward, Stem::ByWeights].map(|stem| weighted_scores::source(kind, score, stem)));
        }
    }
    sources.into_iter().map(|source| (source.name, source.text())).collect()
}
