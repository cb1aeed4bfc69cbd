// Errors of a match under a 3×3 matrix M with x2ᵀ M x1 = 0, in squared thresholds: Sampson error, and the mean of the two
// squared point-to-line distances. Twin: src/cpu/train/match_losses.rs.

struct ErrorModel {
    rows: array<vec3<f32>, 3>,
    metric: vec4<f32>,
}

// x2ᵀ M x1; (M x1)₁₂ and (Mᵀ x2)₁₂ times the squared metric; their squared norms in the metric, of line 2 and of line 1.
struct EpipolarParts {
    algebraic: f32,
    weighted2: vec2<f32>,
    weighted1: vec2<f32>,
    norms_sq: vec2<f32>,
}

fn epipolar_parts(m: ErrorModel, x: vec4<f32>) -> EpipolarParts {
    let h1 = vec3<f32>(x.xy, 1.0);
    let line2 = vec3<f32>(dot(m.rows[0], h1), dot(m.rows[1], h1), dot(m.rows[2], h1));
    let line1 = m.rows[0].xy * x.z + m.rows[1].xy * x.w + m.rows[2].xy;
    let weighted2 = line2.xy * m.metric.zw * m.metric.zw;
    let weighted1 = line1 * m.metric.xy * m.metric.xy;
    let norms_sq = vec2<f32>(dot(line2.xy, weighted2), dot(line1, weighted1));
    return EpipolarParts(dot(line2, vec3<f32>(x.zw, 1.0)), weighted2, weighted1, norms_sq);
}

fn match_errors(m: ErrorModel, match_: Match) -> vec2<f32> {
    let p = epipolar_parts(m, match_.a);
    // products of norms may leave the range of f32: a quotient each
    let d2 = p.algebraic / p.norms_sq.x * p.algebraic;
    let d1 = p.algebraic / p.norms_sq.y * p.algebraic;
    return vec2<f32>(p.algebraic / (p.norms_sq.x + p.norms_sq.y) * p.algebraic, 0.5 * (d1 + d2));
}

// Of weights.x × the first error + weights.y × the second.
fn error_gradient(m: ErrorModel, match_: Match, weights: vec2<f32>) -> ErrorGradient {
    let x = match_.a;
    let p = epipolar_parts(m, x);
    let sum = p.norms_sq.x + p.norms_sq.y;
    let by_algebraic = p.algebraic * (2.0 * weights.x / sum + weights.y * (1.0 / p.norms_sq.x + 1.0 / p.norms_sq.y));
    // by the squared norms, twice
    let over_sum = p.algebraic / sum;
    let over_norms = p.algebraic / p.norms_sq;
    let by_norms = -2.0 * weights.x * over_sum * over_sum - weights.y * over_norms * over_norms;
    let h1 = vec3<f32>(x.xy, 1.0);
    let h2 = vec3<f32>(x.zw, 1.0);
    // d x2ᵀ M x1 = x2ᵀ dM x1; the halves of those of the squared norms are weighted2ᵀ dM x1 and x2ᵀ dM weighted1
    let left = by_algebraic * h2 + by_norms.x * vec3<f32>(p.weighted2, 0.0);
    let right = by_norms.y * vec3<f32>(p.weighted1, 0.0);
    var gradient = ErrorGradient();
    for (var i = 0u; i < 3u; i++) {
        gradient.rows[i] = vec4<f32>(left[i] * h1 + h2[i] * right, 0.0);
    }
    let by_x1 = m.rows[0] * left.x + m.rows[1] * left.y + m.rows[2] * left.z;
    let along = by_algebraic * h1 + right;
    gradient.a = vec4<f32>(by_x1.xy, dot(m.rows[0], along), dot(m.rows[1], along));
    return gradient;
}
