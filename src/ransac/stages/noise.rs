//! Refinement of a pose by the noise that its inliers have. A threshold is chosen to tell right matches from wrong ones, and is
//! often many times the noise: at its scale the loss weighs all inliers nearly alike, the worst ones too.

use super::schedule::FINAL;
use crate::cpu::{
    residual::ModelRows,
    robust::Loss,
    search::{
        normalize_matches::NormalizedMatches,
        refine_model::{Refinement, refine_model},
        score_models::Scorer,
    },
};

/// The scale of the Cauchy loss in median residuals. The median of residuals in two dimensions is 1.18 σ, and at 2.385 σ the loss
/// has 95 % of the efficiency of least squares on Gaussian noise (Holland and Welsch 1977); 1.5 to 3 serve alike on the validation
/// scenes.
const MEDIANS: f64 = 2.0;
/// The smallest scale, thresholds.
const LEAST_SCALE: f64 = 1e-3;
/// Matches whose residuals the six parameters of a pose take up.
const TAKEN_UP: usize = 3;

/// The pose with the least loss at the scale of its noise; `None` where that is no smaller than the scale of [`FINAL`], or cannot
/// be told from so few inliers.
pub(crate) fn refine_by_noise(model: &ModelRows, matches: &NormalizedMatches, scorer: &Scorer) -> Option<ModelRows> {
    let weighted = scorer.residuals_sq(model, matches).into_iter().zip(&matches.refinement_weights);
    let inliers: Vec<f64> = weighted.filter(|(t, weight)| *t < 1.0 && **weight > 0.0).map(|(t, _)| t).collect();
    let scale = (MEDIANS * noise(inliers)?).max(LEAST_SCALE);
    let loss = Loss::Cauchy(scale);
    let is_smaller = matches!(FINAL.loss, Loss::Cauchy(of_final) if scale < of_final);
    is_smaller.then(|| refine_model(model, matches, &Refinement { loss, ..FINAL }))
}

/// The median residual, as it were without the fit of the model.
fn noise(mut residuals_sq: Vec<f64>) -> Option<f64> {
    let count = residuals_sq.len();
    let free = count.checked_sub(TAKEN_UP).filter(|&free| free > 0)?;
    let median_sq = *residuals_sq.select_nth_unstable_by(count / 2, f64::total_cmp).1;
    Some((median_sq * count as f64 / free as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_noise_of_few_inliers_is_more_than_their_residuals() {
        assert_eq!(noise(vec![0.0; 3]), None);
        assert_eq!(noise(vec![0.01, 0.05, 0.02, 0.04]), Some(0.4));
        assert!(noise(vec![0.04; 1000]).is_some_and(|noise| (noise - 0.2).abs() < 1e-3));
    }
}
