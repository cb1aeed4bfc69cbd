// Reprojection error r = (y₁₂/y₃ − x) / metric, y = R X + t, and its derivatives by the motion.
// Twin: src/cpu/search/refine_model.rs.

fn image_point(match_: Match) -> vec2<f32> {
    return match_.b.xy;
}

fn add_terms(sums: ptr<function, Sums>, model: Model, terms: Terms, match_: Match, weight: f32) {
    let d = by_point(terms);
    let d_own = transpose(model.rotation) * d;
    let p = match_.a.xyz;
    add_row(sums, cross(p, d_own[0]), d[0], terms.residual.x, weight);
    add_row(sums, cross(p, d_own[1]), d[1], terms.residual.y, weight);
}
