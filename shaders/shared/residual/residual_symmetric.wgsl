// Mean of the two squared point-to-line distances.

fn residual_sq(m: Residual, match_: Match) -> f32 {
    let lines = epipolar_lines(m, match_.a);
    let n1 = dot(lines.weighted.xy, lines.weighted.xy);
    let n2 = dot(lines.weighted.zw, lines.weighted.zw);
    return 0.5 * lines.algebraic * lines.algebraic * (n1 + n2) / (n1 * n2);
}
