// The equation x2ᵀ M x1 = 0 of a match (x1 y1 x2 y2) and its slopes. Twin: src/cpu/solve/implicit.rs.

/// The norm of x2 x1ᵀ.
fn epipolar_scale(m: vec4<f32>) -> f32 {
    return sqrt((dot(m.xy, m.xy) + 1.0) * (dot(m.zw, m.zw) + 1.0));
}

/// By (x1 y1 x2 y2).
fn epipolar_gradient(matrix: mat3x3<f32>, m: vec4<f32>) -> vec4<f32> {
    let line1 = vec3(m.zw, 1.0) * matrix;
    let line2 = matrix * vec3(m.xy, 1.0);
    return vec4(line1.xy, line2.xy);
}
