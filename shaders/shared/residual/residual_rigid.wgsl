// Distance of a transformed 3-D point to its match, in thresholds squared.

struct Residual {
    row0: vec4<f32>,
    row1: vec4<f32>,
    row2: vec4<f32>,
    inverse_metric: f32,
}

fn make_residual(rows: array<vec4<f32>, 3>, metric: vec4<f32>) -> Residual {
    return Residual(rows[0], rows[1], rows[2], 1.0 / metric.z);
}

fn residual_sq(m: Residual, match_: Match) -> f32 {
    let x = vec4<f32>(match_.a.xyz, 1.0);
    let d = (vec3<f32>(dot(m.row0, x), dot(m.row1, x), dot(m.row2, x)) - match_.b.xyz) * m.inverse_metric;
    return dot(d, d);
}
