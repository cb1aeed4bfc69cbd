//! The sharpness of a selection, by its entropy; on the host, between steps.

use super::packing::Packing;
use super::select_hypotheses::check_rows;
use crate::cpu::train::is_moderate;
use crate::cpu::train::select_hypotheses::select_hypotheses;
use crate::{Error, Result};
use burn::tensor::Tensor;

/// Halvings of the interval that holds the sharpness: enough for f32.
const HALVINGS: usize = 60;
/// The largest exponent that a difference of scores is brought to before an entropy is held to be out of reach.
const MOST: f64 = 1e12;

/// The sharpness α at which [`select_hypotheses`](super::select_hypotheses) has a mean entropy of `target_bits` over the pairs:
/// DSAC++ (Brachmann and Rother, CVPR 2018) keeps it at 6 bits over 256 hypotheses, as scores grow more distinct in training.
///
/// The entropy of each pair falls monotonically in α, from the logarithm of its hypotheses at α = 0, as
/// dH/dα = −α Var_p(s) log₂ e; so it is found by bisection. 0 where the target is out of reach from below: for a target of the
/// mean logarithm or more, for scores that are all alike and without any hypothesis. Where ties keep the entropy above the
/// target whatever α is, the largest α tried. Scores \[B\] and `valid` \[B\] are read from the device, and waited for.
///
/// # Errors
/// [`Error::BadOption`] where the scores are no multiple of the pairs, or the target is negative or not finite;
/// [`Error::LengthMismatch`] unless there is a score for each of `valid`; [`Error::Device`] where they cannot be read.
pub fn sharpness_for_entropy(scores: Tensor<1>, valid: Tensor<1>, packing: &Packing, target_bits: f64) -> Result<f32> {
    let rows = scores.dims()[0];
    let hypotheses = packing.hypotheses(rows)?;
    check_rows("valid", rows, valid.dims()[0])?;
    if !(target_bits.is_finite() && target_bits >= 0.0) {
        let found = target_bits.to_string();
        return Err(Error::BadOption { name: "target_bits", expected: "0 or more, finite", found });
    }
    let read = |tensor: Tensor<1>| -> Result<Vec<f64>> {
        let data = tensor.detach().try_into_data().map_err(|error| Error::Device(error.to_string()))?;
        Ok(data.iter::<f64>().collect())
    };
    let (scores, valid) = (read(scores)?, read(valid)?);
    let valid: Vec<bool> = valid.into_iter().map(|valid| valid > 0.5).collect();
    let size = hypotheses.max(1);
    let pairs: Vec<(&[f64], &[bool])> = scores.chunks(size).zip(valid.chunks(size)).collect();
    Ok(bisect(&pairs, target_bits) as f32)
}

/// The mean entropy over the pairs that have a hypothesis.
fn entropy_bits(pairs: &[(&[f64], &[bool])], sharpness: f64) -> f64 {
    let of_pairs = pairs.iter().map(|(scores, valid)| select_hypotheses(scores, valid, sharpness));
    let (sum, count) = of_pairs
        .filter(|selection| selection.choices > 0)
        .fold((0.0, 0.0), |(sum, count), selection| (sum + selection.entropy_bits, count + 1.0));
    sum / f64::max(count, 1.0)
}

fn bisect(pairs: &[(&[f64], &[bool])], target_bits: f64) -> f64 {
    if entropy_bits(pairs, 0.0) <= target_bits {
        return 0.0;
    }
    let spread = pairs.iter().map(|(scores, valid)| spread_of(scores, valid)).fold(0.0, f64::max);
    if spread <= 0.0 {
        return 0.0;
    }
    let (mut low, mut high) = (0.0, 1.0 / spread);
    while entropy_bits(pairs, high) > target_bits && high * spread < MOST {
        (low, high) = (high, 2.0 * high);
    }
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if entropy_bits(pairs, middle) > target_bits {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// The largest less the least score that can be selected.
fn spread_of(scores: &[f64], valid: &[bool]) -> f64 {
    let usable = scores.iter().zip(valid).filter(|(score, valid)| **valid && is_moderate(**score));
    let (least, most) = usable
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), (score, _)| (score.min(least), score.max(most)));
    if most > least { most - least } else { 0.0 }
}
