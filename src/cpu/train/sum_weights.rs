//! Weights as prefix sums of integers, for drawing matches by their share.

use crate::cpu::search::sample_minimal::{fixed_point, fixed_point_scale};

/// Fills the inclusive prefix sums of the weights of a pair's matches in fixed point, and says how many can be drawn.
///
/// A weight that is not positive and finite counts as 0, and so does that of a match with a coordinate that is not finite;
/// `width` coordinates a match.
pub fn sum_weights(weights: &[f32], matches: &[f32], width: usize, sums: &mut [u32]) -> u32 {
    let usable = |(&weight, row): (&f32, &[f32])| {
        let is_drawn = weight > 0.0 && weight.is_finite() && row.iter().all(|x| x.is_finite());
        if is_drawn { weight } else { 0.0 }
    };
    let weights: Vec<f32> = weights.iter().zip(matches.chunks(width)).map(usable).collect();
    let scale = fixed_point_scale(&weights);
    let (mut sum, mut drawable) = (0, 0);
    for (out, &weight) in sums.iter_mut().zip(&weights) {
        sum += fixed_point(weight, scale);
        drawable += u32::from(weight > 0.0);
        *out = sum;
    }
    drawable
}
