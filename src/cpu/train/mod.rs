//! The stages that only training has: the sampler with its gradient, and the losses.

pub mod closest_model;
pub mod gather_matches;
pub mod match_losses;
pub mod pose_loss;
pub mod sample_gumbel;
pub mod weighted_scores;
