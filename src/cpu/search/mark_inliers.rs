//! The inlier mask and the score of the final model.

use super::{normalize_matches::NormalizedMatches, score_models::Scorer};
use crate::cpu::residual::ModelRows;

/// One entry a match: its residual is within the threshold and, where there is depth, it lies in front.
pub fn mark_inliers(scorer: &Scorer, model: &ModelRows, matches: &NormalizedMatches) -> Vec<bool> {
    scorer.residuals_sq(model, matches).into_iter().map(|t| t < 1.0).collect()
}
