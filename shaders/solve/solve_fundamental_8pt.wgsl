// Fundamental matrix of n ≥ 8 matches by the normalised, weighted eight-point algorithm.
//
// f = vec(F) minimises Σ w (x2ᵀ F x1)², |f| = 1, in the coordinates of Hartley 1997; the rank of 2 is enforced afterwards.
// In: matches (x1 y1 x2 y2), with weights where they come in ranges. Out: at most one F of Frobenius norm 1 and rank 2. None
// for fewer than eight matches of positive weight and for points that are all equal; other degenerate matches (a common
// plane) give one of the many F that fit. The eight of a sample must not lie on different sides of the cameras.

const SAMPLE_SIZE: u32 = 8u;

fn fit_model(first: u32, count: u32, slot: u32) -> bool {
    let to_units = hartley(first, count, SAMPLE_SIZE);
    if !to_units.usable {
        return false;
    }
    let unit_f = rank_two(matrix9(algebraic_fit(to_units, first, count)));
    let f = transpose(to_unit(to_units.scales.y, to_units.centroids.zw)) * unit_f
        * to_unit(to_units.scales.x, to_units.centroids.xy);
    return (count > SAMPLE_SIZE || is_oriented(f, first, count)) && write_matrix(slot, f);
}

/// The equation of a match; coefficients of F by columns.
fn epipolar_row(to_units: Hartley, i: u32) -> Nine {
    let m = normalized(to_units, match_at(i));
    return outer9(sqrt(weight_at(i)) * vec3(m.zw, 1.0), vec3(m.xy, 1.0));
}
