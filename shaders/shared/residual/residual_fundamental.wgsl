// Sampson error of a fundamental matrix (Hartley and Zisserman 2004, eq. 11.9), in thresholds squared.

struct Residual {
    row0: vec3<f32>,
    row1: vec3<f32>,
    row2: vec3<f32>,
    metric: vec4<f32>,
}

fn make_residual(rows: array<vec4<f32>, 3>, metric: vec4<f32>) -> Residual {
    return Residual(rows[0].xyz, rows[1].xyz, rows[2].xyz, metric);
}

// (Fᵀ x2)₁₂, (F x1)₁₂ in the metric, and x2ᵀ F x1.
struct EpipolarLines {
    weighted: vec4<f32>,
    algebraic: f32,
}

fn epipolar_lines(m: Residual, p: vec4<f32>) -> EpipolarLines {
    let line2 = vec3<f32>(
        m.row0.x * p.x + m.row0.y * p.y + m.row0.z,
        m.row1.x * p.x + m.row1.y * p.y + m.row1.z,
        m.row2.x * p.x + m.row2.y * p.y + m.row2.z,
    );
    let line1 = m.row0.xy * p.z + m.row1.xy * p.w + m.row2.xy;
    return EpipolarLines(vec4<f32>(line1, line2.xy) * m.metric, p.z * line2.x + p.w * line2.y + line2.z);
}

fn weighted_lines(m: Residual, match_: Match) -> vec4<f32> {
    return epipolar_lines(m, match_.a).weighted;
}
