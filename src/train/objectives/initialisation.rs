//! The losses of the initialisation, which need the truth of each match only: of a batch by tensor operations, on its device; of a
//! pair on the host, as their twin.

use crate::train::networks::ops::Segments;
use crate::train::ops::log_sum_exp;
use burn::tensor::activation::log_sigmoid as log_sigmoids;
use burn::tensor::{Tensor, TensorData};
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
    /// The loss of one pair.
    pub(crate) fn of_pair(&self, logits: &[f32], truth: &MatchTruth) -> f64 {
        let logits: Vec<f64> = logits.iter().map(|&logit| logit.into()).collect();
        let mut loss = 0.0;
        if self.kl != 0.0 {
            loss += self.kl * kl_of_pair(&logits, &self.target(truth));
        }
        if self.bce != 0.0 {
            loss += self.bce * bce_of_pair(&logits, &truth.is_inlier);
        }
        loss
    }

    /// The mean loss \[1\] of `count` pairs, as far as these, a segment of the logits each, add to it.
    pub(crate) fn of_batch(
        &self,
        logits: &Tensor<1>,
        truths: &[&MatchTruth],
        segments: &Segments,
        count: usize,
    ) -> Tensor<1> {
        let mut loss = Tensor::zeros([1], &logits.device());
        if self.kl != 0.0 {
            loss = loss + self.kl_of_batch(logits, truths, segments) * (self.kl / count as f64);
        }
        if self.bce != 0.0 {
            loss = loss + bce_of_batch(logits, truths) * (self.bce / count as f64);
        }
        loss
    }

    /// Σ q ln q − Σ q ln p with ln p = ln σ(logit) − ln Σ σ(logit), of all pairs.
    fn kl_of_batch(&self, logits: &Tensor<1>, truths: &[&MatchTruth], segments: &Segments) -> Tensor<1> {
        let targets: Vec<f64> = truths.iter().flat_map(|truth| self.target(truth)).collect();
        let entropy: f64 = targets.iter().filter(|q| **q > 0.0).map(|q| q * q.ln()).sum();
        let log_probabilities = log_sigmoids(logits.clone());
        let log_sums = segments.ranges().map(|rows| log_sum_exp(log_probabilities.clone(), rows)).collect();
        Tensor::cat(log_sums, 0).sum() - (log_probabilities * constants(targets, logits)).sum() + entropy
    }

    /// q.
    fn target(&self, truth: &MatchTruth) -> Vec<f64> {
        let exponent = |&residual_sq: &f32| -f64::from(residual_sq) / (2.0 * self.sigma_px * self.sigma_px);
        softmax(truth.residual_sq_px.iter().map(exponent))
    }
}

/// Of all pairs, each the mean over its matches.
fn bce_of_batch(logits: &Tensor<1>, truths: &[&MatchTruth]) -> Tensor<1> {
    let matches =
        || truths.iter().flat_map(|truth| truth.is_inlier.iter().map(|&right| (right, truth.is_inlier.len())));
    let signs = matches().map(|(right, _)| sign_of(right)).collect();
    let shares = matches().map(|(_, count)| -1.0 / count as f64).collect();
    (log_sigmoids(logits.clone() * constants(signs, logits)) * constants(shares, logits)).sum()
}

/// A number a match, beside the logits.
fn constants(values: Vec<f64>, logits: &Tensor<1>) -> Tensor<1> {
    let values: Vec<f32> = values.into_iter().map(|value| value as f32).collect();
    let count = values.len();
    Tensor::from_data(TensorData::new(values, [count]), &logits.device())
}

fn sign_of(is_inlier: bool) -> f64 {
    if is_inlier { 1.0 } else { -1.0 }
}

fn kl_of_pair(logits: &[f64], target: &[f64]) -> f64 {
    let log_predicted = log_softmax(logits.iter().map(|&logit| log_sigmoid(logit)));
    let both = target.iter().zip(log_predicted).filter(|(q, _)| **q > 0.0);
    both.map(|(q, log_p)| q * (q.ln() - log_p)).sum()
}

fn bce_of_pair(logits: &[f64], is_inlier: &[bool]) -> f64 {
    let both = logits.iter().zip(is_inlier);
    -both.map(|(logit, &right)| log_sigmoid(sign_of(right) * logit) / logits.len() as f64).sum::<f64>()
}

fn softmax(exponents: impl Iterator<Item = f64> + Clone) -> Vec<f64> {
    log_softmax(exponents).into_iter().map(f64::exp).collect()
}

fn log_softmax(exponents: impl Iterator<Item = f64> + Clone) -> Vec<f64> {
    let largest = exponents.clone().fold(f64::NEG_INFINITY, f64::max);
    let log_sum = exponents.clone().map(|exponent| (exponent - largest).exp()).sum::<f64>().ln();
    exponents.map(|exponent| exponent - largest - log_sum).collect()
}

fn log_sigmoid(x: f64) -> f64 {
    x.min(0.0) - (-x.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::networks::parameters::read;
    use burn::tensor::{Device, DeviceKind};

    const MIXTURES: [[f64; 2]; 3] = [[1.0, 0.0], [0.0, 1.0], [0.7, 0.4]];

    fn losses([kl, bce]: [f64; 2]) -> InitialisationLoss {
        InitialisationLoss { kl, bce, ..InitialisationLoss::default() }
    }

    fn truth(residual_sq_px: Vec<f32>) -> MatchTruth {
        let is_inlier = residual_sq_px.iter().map(|&residual_sq| residual_sq < 1.0).collect();
        MatchTruth { residual_sq_px, is_inlier }
    }

    fn mixed(count: usize) -> ([Vec<f32>; 2], MatchTruth) {
        let logits = (0..count).map(|i| (i as f32 * 1.7).sin() * 4.0).collect();
        let residuals: Vec<f32> = (0..count).map(|i| ((i * 7 % 20) as f32 * 0.3).powi(2)).collect();
        ([logits, residuals.clone()], truth(residuals))
    }

    fn sigmoid(x: f64) -> f64 {
        1.0 / (1.0 + (-x).exp())
    }

    /// The gradient of a pair's loss in closed form.
    fn gradient(loss: &InitialisationLoss, logits: &[f32], truth: &MatchTruth) -> Vec<f64> {
        let predicted = softmax(logits.iter().map(|&logit| log_sigmoid(logit.into())));
        let target = loss.target(truth);
        let of_match = |i: usize| {
            let (logit, sign) = (f64::from(logits[i]), sign_of(truth.is_inlier[i]));
            let by_kl = (predicted[i] - target[i]) * sigmoid(-logit);
            loss.kl * by_kl - loss.bce * sign * sigmoid(-sign * logit) / logits.len() as f64
        };
        (0..logits.len()).map(of_match).collect()
    }

    #[test]
    fn gradients_are_those_of_central_differences() {
        let ([logits, _], truth) = mixed(20);
        for mixture in MIXTURES {
            let loss = losses(mixture);
            let gradient = gradient(&loss, &logits, &truth);
            for i in 0..20 {
                let moved = |by: f32| {
                    let mut logits = logits.clone();
                    logits[i] += by;
                    loss.of_pair(&logits, &truth)
                };
                let numeric = (moved(0.01) - moved(-0.01)) / 0.02;
                assert!((numeric - gradient[i]).abs() < 1e-4, "{i}: {numeric} {}", gradient[i]);
            }
        }
    }

    /// Logits of pairs with their truths: a usual pair, pairs of right and of wrong matches alone, an empty one, and logits at
    /// which nothing is to be learned or all.
    fn pairs() -> Vec<(Vec<f32>, MatchTruth)> {
        let ([logits, residuals], truth_of_usual) = mixed(20);
        let sure: Vec<f32> = (0..20).map(|i| if i % 3 == 0 { 1e4 } else { -1e4 }).collect();
        vec![
            (logits.clone(), truth_of_usual),
            (logits.clone(), truth(vec![0.1; 20])),
            (Vec::new(), MatchTruth::default()),
            (logits, truth(vec![1e6; 20])),
            (sure.clone(), truth(residuals)),
            (vec![0.0; 3], truth(vec![f32::MAX, 0.0, 4.0])),
            (vec![1e4; 2], truth(vec![f32::MAX; 2])),
            (vec![-1e4; 2], truth(vec![0.5, 9.0])),
        ]
    }

    /// The loss and its gradient by tensor operations.
    fn on_device(loss: &InitialisationLoss, device: &Device) -> (f64, Vec<f32>) {
        let pairs = pairs();
        let logits: Vec<f32> = pairs.iter().flat_map(|(logits, _)| logits).copied().collect();
        let logits = Tensor::<1>::from_data(logits.as_slice(), &device.clone().autodiff()).require_grad();
        let truths: Vec<&MatchTruth> = pairs.iter().map(|(_, truth)| truth).collect();
        let segments = Segments::of_lengths(pairs.iter().map(|(logits, _)| logits.len()));
        let value = loss.of_batch(&logits, &truths, &segments, pairs.len());
        let gradient = logits.grad(&value.backward()).unwrap();
        (read(value.inner()).unwrap()[0].into(), read(gradient).unwrap())
    }

    #[test]
    fn losses_of_a_batch_and_their_gradients_are_those_of_the_twin_on_either_backend() {
        let pairs = pairs();
        let share = 1.0 / pairs.len() as f64;
        for loss in MIXTURES.map(losses) {
            let (mut expected, mut by_logits) = (0.0, Vec::new());
            for (logits, truth) in &pairs {
                expected += share * loss.of_pair(logits, truth);
                by_logits.extend(gradient(&loss, logits, truth).into_iter().map(|of_match| share * of_match));
            }
            assert!(expected.is_finite());
            for device in [Device::flex(), Device::wgpu(DeviceKind::DefaultDevice)] {
                let (value, gradient) = on_device(&loss, &device);
                assert!((value - expected).abs() < 1e-5 * expected, "{device:?}: {value} {expected}");
                for (i, (found, expected)) in gradient.iter().zip(&by_logits).enumerate() {
                    assert!((f64::from(*found) - expected).abs() < 1e-6, "{device:?}, {i}: {found} {expected}");
                }
            }
        }
    }
}
