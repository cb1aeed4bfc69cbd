//! The stages that only training has: the sampler with its gradient, the hypotheses of localisation and their selection, and the losses.

pub mod attend_memory;
pub mod average_poses;
pub mod closest_model;
pub mod draw_hypotheses;
pub mod error_images;
pub mod gather_matches;
pub mod match_losses;
pub mod pose_loss;
pub(crate) mod pose_system;
pub mod refine_candidates;
pub mod refine_poses;
pub mod sample_gumbel;
pub mod select_hypotheses;
pub mod soft_inliers;
pub mod sum_weights;
pub mod weighted_scores;

/// Whether a number is neither NaN nor so large that what f32 makes of it may be infinite: of a gradient that is not, 0 is
/// made. So do the shaders, `shared/algebra/moderate`.
pub fn is_moderate(value: f64) -> bool {
    value.abs() < 1e30
}
