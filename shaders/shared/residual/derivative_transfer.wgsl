// Transfer error r = (y₁₂/y₃ − x2) / metric, y = M x1, and its derivatives by the entries of M.
// Twin: src/cpu/search/refine_model.rs.

fn map_point(m: Model, match_: Match) -> vec3<f32> {
    return m * vec3<f32>(match_.a.xy, 1.0);
}

fn image_point(match_: Match) -> vec2<f32> {
    return match_.a.zw;
}

fn add_terms(sums: ptr<function, Sums>, model: Model, terms: Terms, match_: Match, weight: f32) {
    let d = by_point(terms);
    let squared = weight * (d * transpose(d));
    add_rows_of_point(sums, match_.a.xy, squared, weight * (d * terms.residual.xy));
}
