//! The stages that only training has: the sampler with its gradient, the hypotheses of localisation, and the losses.

pub mod closest_model;
pub mod draw_hypotheses;
pub mod gather_matches;
pub mod match_losses;
pub mod pose_loss;
pub(crate) mod pose_system;
pub mod refine_poses;
pub mod sample_gumbel;
pub mod sum_weights;
pub mod weighted_scores;
