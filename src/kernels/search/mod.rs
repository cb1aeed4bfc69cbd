//! The search.

pub mod choose_finalists;
pub mod estimate_noise;
pub mod mark_inliers;
pub mod normalize_matches;
pub mod pack_mask;
pub mod pack_models;
pub mod place_prior;
pub mod plan_round;
pub mod refine_model;
pub mod sample_minimal;
pub mod score_models;
pub mod select_best;
pub mod settle_winner;
pub mod weigh_by_neighbours;
pub mod weigh_matches;
