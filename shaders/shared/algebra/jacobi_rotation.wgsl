/// (c, s) such that c p − s q and s p + c q are orthogonal, from p·p, q·q and p·q of two vectors p and q (Hestenes 1958); (1, 0)
/// where they are already, but for rounding.
fn jacobi_rotation(norm_p: f32, norm_q: f32, mixed: f32) -> vec2<f32> {
    if abs(mixed) <= 1e-8 * sqrt(norm_p * norm_q) {
        return vec2(1.0, 0.0);
    }
    let ratio = (norm_q - norm_p) / (2.0 * mixed);
    let tangent = select(-1.0, 1.0, ratio >= 0.0) / (abs(ratio) + sqrt(1.0 + ratio * ratio));
    return vec2(1.0, tangent) * inverseSqrt(1.0 + tangent * tangent);
}
