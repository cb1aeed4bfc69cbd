//! The probabilities of selecting each hypothesis of a pair by its score, softmax(α s), and their gradient by the scores; f64.
//!
//! DSAC (Brachmann et al., CVPR 2017, eq. 6). With the losses l of the hypotheses the expected loss E = Σ p l has the gradients
//! ∂E/∂l = p and ∂E/∂s = α p (l − E) (eq. 9).

use super::is_moderate;
use std::f64::consts::LOG2_E;

/// What is so far below the highest in the exponent has no probability in f32.
const HOPELESS: f64 = 200.0;

/// The probabilities of a pair's hypotheses.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Probabilities {
    /// One a hypothesis; 0 for what cannot be selected.
    pub each: Vec<f64>,
    /// −Σ p log₂ p.
    pub entropy_bits: f64,
    /// Hypotheses that can be selected.
    pub choices: usize,
}

/// Of the scores and of whether there is a model, at a sharpness α ≥ 0. Hypotheses without a model or a finite score are never
/// selected.
pub fn select_hypotheses(scores: &[f64], valid: &[bool], sharpness: f64) -> Probabilities {
    let can_choose = |(score, valid): (&f64, &bool)| *valid && is_moderate(*score);
    let chosen: Vec<bool> = scores.iter().zip(valid).map(can_choose).collect();
    let of_chosen = || scores.iter().zip(&chosen).filter(|(_, chosen)| **chosen).map(|(score, _)| *score);
    let highest = of_chosen().fold(f64::NEG_INFINITY, f64::max);
    let exponent = |score: f64| (sharpness * (score - highest)).max(-HOPELESS);
    let total: f64 = of_chosen().map(|score| exponent(score).exp()).sum();
    let mean = of_chosen().map(|score| exponent(score).exp() * exponent(score)).sum::<f64>() / total.max(1.0);
    let probability = |(score, chosen): (&f64, &bool)| if *chosen { exponent(*score).exp() / total } else { 0.0 };
    Probabilities {
        each: scores.iter().zip(&chosen).map(probability).collect(),
        // log p = exponent − log Σ exp
        entropy_bits: (total.max(1.0).log2() - mean * LOG2_E).max(0.0),
        choices: of_chosen().count(),
    }
}

/// The gradient by the scores of that by the probabilities g: α p (g − Σ p g).
pub fn select_hypotheses_backward(probabilities: &[f64], by_probabilities: &[f64], sharpness: f64) -> Vec<f64> {
    // 0 for what is never selected, whatever its gradient
    let weighted = |p: f64, gradient: f64| if p > 0.0 && is_moderate(gradient) { p * gradient } else { 0.0 };
    let each = || probabilities.iter().zip(by_probabilities);
    let mean: f64 = each().map(|(&p, &gradient)| weighted(p, gradient)).sum();
    each().map(|(&p, &gradient)| sharpness * weighted(p, gradient - mean)).collect()
}
