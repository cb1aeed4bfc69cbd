// Reprojection error of an absolute pose, in thresholds squared; far when the point is behind the camera.

const BEHIND: f32 = 1e30;

struct Residual {
    row0: vec4<f32>,
    row1: vec4<f32>,
    row2: vec4<f32>,
    inverse_metric: vec2<f32>,
}

fn make_residual(rows: array<vec4<f32>, 3>, metric: vec4<f32>) -> Residual {
    return Residual(rows[0], rows[1], rows[2], 1.0 / metric.zw);
}

fn residual_sq(m: Residual, match_: Match) -> f32 {
    let world = vec4<f32>(match_.a.xyz, 1.0);
    let depth = dot(m.row2, world);
    let d = (vec2<f32>(dot(m.row0, world), dot(m.row1, world)) * (1.0 / depth) - match_.b.xy) * m.inverse_metric;
    return select(BEHIND, dot(d, d), depth > 0.0);
}
