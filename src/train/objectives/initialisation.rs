//! The losses of the initialisation, which need the truth of each match only, with their gradients in closed form.

use serde::{Deserialize, Serialize};

/// Weights of the losses of the initialisation. The default is the cross-entropy alone, which ranks as well as the paper's KL
/// and gives probabilities that mean what they say.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InitialisationLoss {
    /// Of KL(q ‖ p), p = softmax of the log-probabilities, q ∝ exp(-d² / 2σ²) of the Sampson distance d to the true model.
    pub kl: f64,
    /// Of the binary cross-entropy of each match's probability, mean over the matches: it calibrates them.
    pub bce: f64,
    /// σ of q, pixels.
    pub sigma_px: f64,
}

impl Default for InitialisationLoss {
    fn default() -> Self {
        Self { kl: 0.0, bce: 1.0, sigma_px: 1.0 }
    }
}

/// What is known of the matches of a pair.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MatchTruth {
    /// Squared Sampson distance to the true model, pixels².
    pub residual_sq_px: Vec<f32>,
    /// Whether the match is a true inlier.
    pub is_inlier: Vec<bool>,
}

impl InitialisationLoss {
    /// The loss of one pair; adds `share` of its gradient to `gradient`.
    pub(crate) fn add(&self, logits: &[f32], truth: &MatchTruth, share: f64, gradient: &mut [f32]) -> f64 {
        let logits: Vec<f64> = logits.iter().map(|&logit| logit.into()).collect();
        let mut loss = 0.0;
        if self.kl != 0.0 {
            loss += self.kl * add_kl(&logits, &self.target(truth), share * self.kl, gradient);
        }
        if self.bce != 0.0 {
            loss += self.bce * add_bce(&logits, &truth.is_inlier, share * self.bce, gradient);
        }
        loss
    }

    /// q.
    fn target(&self, truth: &MatchTruth) -> Vec<f64> {
        let exponent = |&residual_sq: &f32| -f64::from(residual_sq) / (2.0 * self.sigma_px * self.sigma_px);
        softmax(truth.residual_sq_px.iter().map(exponent))
    }
}

fn add_kl(logits: &[f64], target: &[f64], share: f64, gradient: &mut [f32]) -> f64 {
    let log_probabilities: Vec<f64> = logits.iter().map(|&logit| log_sigmoid(logit)).collect();
    let predicted = softmax(log_probabilities.iter().copied());
    let mut loss = 0.0;
    for i in 0..logits.len() {
        if target[i] > 0.0 {
            loss += target[i] * (target[i].ln() - predicted[i].max(f64::MIN_POSITIVE).ln());
        }
        gradient[i] += (share * (predicted[i] - target[i]) * sigmoid(-logits[i])) as f32;
    }
    loss
}

fn add_bce(logits: &[f64], is_inlier: &[bool], share: f64, gradient: &mut [f32]) -> f64 {
    let count = logits.len() as f64;
    let mut loss = 0.0;
    for i in 0..logits.len() {
        let sign = if is_inlier[i] { 1.0 } else { -1.0 };
        loss -= log_sigmoid(sign * logits[i]) / count;
        gradient[i] -= (share * sign * sigmoid(-sign * logits[i]) / count) as f32;
    }
    loss
}

fn softmax(exponents: impl Iterator<Item = f64> + Clone) -> Vec<f64> {
    let largest = exponents.clone().fold(f64::NEG_INFINITY, f64::max);
    let terms: Vec<f64> = exponents.map(|exponent| (exponent - largest).exp()).collect();
    let sum: f64 = terms.iter().sum();
    terms.iter().map(|term| term / sum).collect()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn log_sigmoid(x: f64) -> f64 {
    x.min(0.0) - (-x.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gradients_are_those_of_central_differences() {
        let logits: Vec<f32> = (0..20).map(|i| (i as f32 * 1.7).sin() * 4.0).collect();
        let residual_sq_px: Vec<f32> = (0..20).map(|i| ((i * 7 % 20) as f32 * 0.3).powi(2)).collect();
        let is_inlier = residual_sq_px.iter().map(|&residual_sq| residual_sq < 1.0).collect();
        let truth = MatchTruth { residual_sq_px, is_inlier };
        for [kl, bce] in [[1.0, 0.0], [0.0, 1.0], [0.7, 0.4]] {
            let loss = InitialisationLoss { kl, bce, ..InitialisationLoss::default() };
            let mut gradient = vec![0.0; 20];
            loss.add(&logits, &truth, 1.0, &mut gradient);
            for i in 0..20 {
                let moved = |by: f32| {
                    let mut logits = logits.clone();
                    logits[i] += by;
                    loss.add(&logits, &truth, 1.0, &mut [0.0; 20])
                };
                let numeric = (moved(0.01) - moved(-0.01)) / 0.02;
                assert!((numeric - f64::from(gradient[i])).abs() < 1e-4, "{i}: {numeric} {}", gradient[i]);
            }
        }
    }
}
