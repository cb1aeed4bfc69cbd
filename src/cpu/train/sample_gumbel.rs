//! Minimal samples for training: the m matches of the highest logit + Gumbel noise, and the straight-through gradient.
//!
//! With E = −ln U, U uniform, the perturbed logit of match j is k_j = l_j − ln E_j; the m highest are m draws without
//! replacement by exp(l) (Plackett and Luce; Kool et al., "Stochastic beams and where to find them", ICML 2019). The gradient
//! is that of y = softmax(k / temperature) (Wei et al., "Generalized differentiable RANSAC", ICCV 2023). The noise is a
//! function of (seed, step, hypothesis, match): it is made anew wherever it is needed, and never stored.

use crate::cpu::robust::ln;
use crate::cpu::search::sample_minimal::pcg4d;
use multiversion::multiversion;

/// The most matches of a sample.
pub const MAX_SAMPLE: usize = 16;

/// What the noise depends on, besides hypothesis and match, and how it is weighed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise {
    /// Of the whole training.
    pub seed: u64,
    /// Of the step in it; the same seed and step give the same noise.
    pub step: u32,
    /// Of the softmax that the gradient is taken from; above 0.
    pub temperature: f32,
}

/// U of a random word: the middle of one of 2²³ equal parts of 0..1, exact in f32.
#[inline(always)]
fn uniform(word: u32) -> f64 {
    (f64::from(word >> 9) + 0.5) * f64::from_bits((1023 - 23) << 52)
}

/// Logits of at least this size, like those that are NaN, are never drawn.
pub const MAX_LOGIT: f32 = 1e30;

/// The perturbed logits of a pair's matches under a hypothesis (its row in the batch); −∞ for a match that is never drawn.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+fma+avx2", "x86_64+avx2+fma"))]
pub fn perturb(logits: &[f32], noise: &Noise, hypothesis: u32, perturbed: &mut [f64]) {
    let [a, b, c, _] = pcg4d([noise.seed as u32, (noise.seed >> 32) as u32, noise.step, hypothesis]);
    for (block, (logits, perturbed)) in (0..).zip(logits.chunks(4).zip(perturbed.chunks_mut(4))) {
        // 1 − U is as uniform as U, and E stays accurate where it is small, that is, for the matches that are drawn
        let exponentials = pcg4d([a, b, c, block]).map(|word| -ln(1.0 - uniform(word)));
        for ((&logit, perturbed), exponential) in logits.iter().zip(perturbed).zip(exponentials) {
            *perturbed = if logit.abs() < MAX_LOGIT { f64::from(logit) - ln(exponential) } else { f64::NEG_INFINITY };
        }
    }
}

/// A sample and what its gradient needs.
#[derive(Clone, Copy, Debug)]
pub struct GumbelSample {
    /// The matches of the highest perturbed logits, highest first.
    pub indices: [u32; MAX_SAMPLE],
    /// y of those matches.
    pub shares: [f64; MAX_SAMPLE],
}

/// The sample of so many matches, or `None` where there are not as many that can be drawn.
pub fn sample_gumbel(perturbed: &[f64], temperature: f64, size: usize) -> Option<GumbelSample> {
    let mut indices = [0; MAX_SAMPLE];
    let mut best = [f64::NEG_INFINITY; MAX_SAMPLE];
    for (index, &key) in (0..).zip(perturbed) {
        if key > best[size - 1] {
            let place = best[..size].partition_point(|&other| other >= key);
            best[place..size].rotate_right(1);
            indices[place..size].rotate_right(1);
            (best[place], indices[place]) = (key, index);
        }
    }
    if best[size - 1] == f64::NEG_INFINITY {
        return None;
    }
    let sum: f64 = perturbed.iter().map(|key| ((key - best[0]) / temperature).exp()).sum();
    let shares = best.map(|key| ((key - best[0]) / temperature).exp() / sum);
    Some(GumbelSample { indices, shares })
}

/// Adds the gradient by the logits of one hypothesis: ∂L/∂l_j = (y_j / temperature) ([j drawn] ∂L/∂z_j − Σ_i y_i ∂L/∂z_i)
/// with z_i the straight-through value, 1, of the drawn match i.
///
/// The drawn matches come with y_i and ∂L/∂z_i, the first drawn first: y_j = y_0 exp((k_j − k_0) / temperature) is exact for
/// keys of any size.
pub fn sample_gumbel_backward(
    perturbed: &[f64],
    temperature: f64,
    drawn: impl Iterator<Item = (usize, f64, f64)> + Clone,
    logit_gradients: &mut [f64],
) {
    let sum: f64 = drawn.clone().map(|(_, share, gradient)| share * gradient).sum::<f64>() / temperature;
    if let (Some((first, share, _)), true) = (drawn.clone().next(), sum != 0.0) {
        for (gradient, key) in logit_gradients.iter_mut().zip(perturbed) {
            *gradient -= share * ((key - perturbed[first]) / temperature).exp() * sum;
        }
    }
    for (index, share, gradient) in drawn {
        logit_gradients[index] += share * gradient / temperature;
    }
}
