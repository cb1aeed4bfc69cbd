// Transfer error of a homography in image 2, in thresholds squared; far when the point is mapped beyond infinity.

const BEHIND: f32 = 1e30;

struct Residual {
    row0: vec3<f32>,
    row1: vec3<f32>,
    row2: vec3<f32>,
    inverse_metric: vec2<f32>,
}

fn make_residual(rows: array<vec4<f32>, 3>, metric: vec4<f32>) -> Residual {
    return Residual(rows[0].xyz, rows[1].xyz, rows[2].xyz, 1.0 / metric.zw);
}

fn residual_sq(m: Residual, match_: Match) -> f32 {
    let p = match_.a;
    let mapped = vec2<f32>(m.row0.x * p.x + m.row0.y * p.y + m.row0.z, m.row1.x * p.x + m.row1.y * p.y + m.row1.z);
    let depth = m.row2.x * p.x + m.row2.y * p.y + m.row2.z;
    let d = (mapped * (1.0 / depth) - p.zw) * m.inverse_metric;
    return select(BEHIND, dot(d, d), depth > 0.0);
}
