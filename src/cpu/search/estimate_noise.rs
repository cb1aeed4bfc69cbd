//! The noise of a pose's inliers, and the scale of the refinement that goes by it. A threshold is chosen to tell right matches from
//! wrong ones, and is often many times the noise: at its scale the loss weighs all inliers nearly alike, the worst ones too.

use super::{normalize_matches::NormalizedMatches, score_models::Scorer};
use crate::constants::{FINAL_SCALE, LEAST_SCALE, MEDIANS, TAKEN_BY_POSE};
use crate::cpu::residual::ModelRows;

/// The scale of the Cauchy loss, in thresholds; `None` where it is no smaller than [`FINAL_SCALE`], or cannot be told from so few
/// inliers.
pub fn estimate_noise(model: &ModelRows, matches: &NormalizedMatches, scorer: &Scorer) -> Option<f64> {
    let weighted = scorer.residuals_sq(model, matches).into_iter().zip(&matches.refinement_weights);
    let inliers: Vec<f64> = weighted.filter(|(t, weight)| *t < 1.0 && **weight > 0.0).map(|(t, _)| t).collect();
    let scale = (MEDIANS * noise(inliers)?).max(LEAST_SCALE);
    (scale < FINAL_SCALE).then_some(scale)
}

/// The median residual, as it were without the fit of the model.
fn noise(mut residuals_sq: Vec<f64>) -> Option<f64> {
    let count = residuals_sq.len();
    let free = count.checked_sub(TAKEN_BY_POSE).filter(|&free| free > 0)?;
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
