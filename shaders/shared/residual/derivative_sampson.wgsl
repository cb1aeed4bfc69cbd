// Sampson error r = C/√D, and dr = (dC − C/D · ½dD)/√D as a matrix of the derivatives by the entries of the model's matrix.
// Twin: src/cpu/search/refine_model.rs.

struct Terms {
    residual: vec3<f32>,
    root: f32,            // 1/√D
    ratio: f32,           // C/D
    lines: vec4<f32>,     // (M x1)₁₂ and (Mᵀ x2)₁₂, each times the squared metric
}

fn residual_terms(m: Model, metric: vec4<f32>, match_: Match) -> Terms {
    let x1 = vec3<f32>(match_.a.xy, 1.0);
    let x2 = vec3<f32>(match_.a.zw, 1.0);
    let line2 = m * x1;
    let lines = vec4<f32>(line2.xy, dot(m[0], x2), dot(m[1], x2));
    let weighted = lines * metric.zwxy * metric.zwxy;
    let algebraic = dot(x2, line2);
    let inverse = 1.0 / dot(lines, weighted);
    let root = sqrt(inverse);
    return Terms(vec3<f32>(algebraic * root, 0.0, 0.0), root, algebraic * inverse, weighted);
}

/// With q2 and q1 the weighted lines, ½dD = q2ᵀ dM x1 + x2ᵀ dM q1.
fn add_terms(sums: ptr<function, Sums>, model: Model, terms: Terms, match_: Match, weight: f32) {
    let x2 = vec3<f32>(match_.a.zw, 1.0) * terms.root;
    let turned = terms.ratio * terms.root * vec3<f32>(terms.lines.xy, 0.0);
    let left = x2 - turned;
    let x1 = match_.a.xy;
    let q1 = terms.ratio * terms.lines.zw;
    add_row(sums, mat3x3<f32>(left * x1.x - x2 * q1.x, left * x1.y - x2 * q1.y, left), terms.residual.x, weight);
}
