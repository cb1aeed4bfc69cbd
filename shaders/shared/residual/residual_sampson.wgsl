// First-order distance to the nearest exact match.

fn residual_sq(m: Residual, match_: Match) -> f32 {
    let lines = epipolar_lines(m, match_.a);
    return lines.algebraic * lines.algebraic / dot(lines.weighted, lines.weighted);
}
