// Weights in integers, whose sums no rounding changes. Twin: src/cpu/train/sum_weights.rs.

// The power of two that takes the largest weight below 2^(31 − ⌈log2 n⌉).
fn fixed_point_scale(largest: f32, count: u32) -> f32 {
    let exponent = i32(bitcast<u32>(max(largest, 1.1754944e-38)) >> 23u) - 126;
    let bits = 31 - i32(32u - countLeadingZeros(max(count, 1u) - 1u));
    return bitcast<f32>(u32(clamp(bits - exponent, -126, 127) + 127) << 23u);
}

fn fixed_point(weight: f32, scale: f32) -> u32 {
    return select(0u, max(u32(weight * scale), 1u), weight > 0.0);
}
