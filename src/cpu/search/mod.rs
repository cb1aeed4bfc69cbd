//! The search: from matches to samples, scores, the best models, their refinement and the inliers.

pub mod choose_finalists;
pub(super) mod derivatives;
pub mod estimate_noise;
pub mod manifold;
pub mod mark_inliers;
pub mod normalize_matches;
pub mod place_prior;
pub mod refine_model;
pub mod sample_minimal;
pub mod score_models;
pub mod select_best;
pub mod settle_winner;
pub mod weigh_by_neighbours;
pub mod weigh_matches;
