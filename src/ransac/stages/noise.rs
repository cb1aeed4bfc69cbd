//! Refinement of a pose by the noise that its inliers have.

use super::schedule::FINAL;
use crate::cpu::{
    residual::ModelRows,
    robust::Loss,
    search::{
        estimate_noise::estimate_noise,
        normalize_matches::NormalizedMatches,
        refine_model::{Refinement, refine_model},
        score_models::Scorer,
    },
};

/// The pose with the least loss at the scale of its noise; `None` where that is no smaller than the scale of [`FINAL`], or cannot
/// be told from so few inliers.
pub(crate) fn refine_by_noise(model: &ModelRows, matches: &NormalizedMatches, scorer: &Scorer) -> Option<ModelRows> {
    let loss = Loss::Cauchy(estimate_noise(model, matches, scorer)?);
    Some(refine_model(model, matches, &Refinement { loss, ..FINAL }))
}
