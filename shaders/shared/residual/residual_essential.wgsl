// Sampson error of a motion [R | t] (Hartley and Zisserman 2004, eq. 11.9), in thresholds squared; far when the match lies
// behind a camera. With a = R x1, u = t × x2: x2ᵀ E x1 = −a · u, E x1 = t × a, Eᵀ x2 = −Rᵀ u.

const BEHIND: f32 = 1e30;

struct Residual {
    row0: vec4<f32>,
    row1: vec4<f32>,
    row2: vec4<f32>,
    metric: vec4<f32>,
}

fn make_residual(rows: array<vec4<f32>, 3>, metric: vec4<f32>) -> Residual {
    return Residual(rows[0], rows[1], rows[2], metric);
}

fn residual_sq(m: Residual, match_: Match) -> f32 {
    let p = match_.a;
    let t = vec3<f32>(m.row0.w, m.row1.w, m.row2.w);
    let a = vec3<f32>(
        m.row0.x * p.x + m.row0.y * p.y + m.row0.z,
        m.row1.x * p.x + m.row1.y * p.y + m.row1.z,
        m.row2.x * p.x + m.row2.y * p.y + m.row2.z,
    );
    let b = vec3<f32>(p.zw, 1.0);
    let u = cross(t, b);
    let line2 = cross(t, a);
    let line1 = m.row0.xy * u.x + m.row1.xy * u.y + m.row2.xy * u.z;
    let n = vec4<f32>(line1, line2.xy) * m.metric;
    let c = dot(a, u);
    let r = c * c / dot(n, n);
    // λ1 (x2 × a) = t × x2 and λ2 (x2 × a) = t × a, both depths positive
    let normal = cross(b, a);
    let in_front = dot(normal, u) > 0.0 && dot(normal, line2) > 0.0;
    return select(BEHIND, r, in_front);
}

// (Eᵀ x2)₁₂ and (E x1)₁₂ in the metric.
fn weighted_lines(m: Residual, match_: Match) -> vec4<f32> {
    let p = match_.a;
    let x1 = vec3<f32>(p.xy, 1.0);
    let t = vec3<f32>(m.row0.w, m.row1.w, m.row2.w);
    let u = cross(vec3<f32>(p.zw, 1.0), t);
    let line1 = m.row0.xy * u.x + m.row1.xy * u.y + m.row2.xy * u.z;
    let line2 = cross(t, vec3<f32>(dot(m.row0.xyz, x1), dot(m.row1.xyz, x1), dot(m.row2.xyz, x1)));
    return vec4<f32>(line1, line2.xy) * m.metric;
}
