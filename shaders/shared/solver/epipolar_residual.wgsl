// x2ᵀ F x1 of an F whose entries are multiples of 2⁻⁷, of norm 1: with seven bits more than f32 keeps of the sum where it
// cancels, as it does for a solution. One correction by such residuals leaves little but the rounding of the matches; no error-free
// transformation is needed, which compilers of shaders may undo.

/// Near x: a product of three of them, and a sum of these below 8, is not rounded.
fn coarse3(x: vec3<f32>) -> vec3<f32> {
    return round(x * 128.0) / 128.0;
}

fn coarse_matrix(m: mat3x3<f32>) -> mat3x3<f32> {
    return mat3x3(coarse3(m[0]), coarse3(m[1]), coarse3(m[2]));
}

fn epipolar_residual(coarse_f: mat3x3<f32>, m: vec4<f32>) -> f32 {
    let coarse1 = coarse3(vec3(m.xy, 1.0));
    let coarse2 = coarse3(vec3(m.zw, 1.0));
    let rest1 = m.xy - coarse1.xy;
    let rest2 = m.zw - coarse2.xy;
    let line = coarse_f * coarse1;
    let line_rest = coarse_f[0] * rest1.x + coarse_f[1] * rest1.y;
    return dot(coarse2, line) + (dot(vec3(m.zw, 1.0), line_rest) + dot(rest2, line.xy));
}
