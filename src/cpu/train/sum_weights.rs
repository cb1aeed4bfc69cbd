//! Weights as prefix sums of integers, for drawing matches by their share.

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

/// The power of two that takes the largest weight below 2^(31 − ⌈log2 n⌉).
fn fixed_point_scale(weights: &[f32]) -> f32 {
    let largest = weights.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    let exponent = (largest.to_bits() >> 23) as i32 - 126;
    let bits = 31 - weights.len().next_power_of_two().trailing_zeros() as i32;
    // in two factors, since 2^(bits − exponent) itself may not be an f32
    f32::from_bits(((bits - exponent).clamp(-126, 127) + 127).cast_unsigned() << 23)
}

/// A weight in fixed point; at least 1 for a positive one.
fn fixed_point(weight: f32, scale: f32) -> u32 {
    if weight > 0.0 { ((weight * scale) as u32).max(1) } else { 0 }
}
