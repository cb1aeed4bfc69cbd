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
    var r = Triangular9();
    for (var i = first; i < first + count; i++) {
        let w = sqrt(weight_at(i));
        let m = normalized(to_units, match_at(i));
        // Coefficients of F by columns.
        let x2 = w * vec3(m.zw, 1.0);
        insert_row(&r, array(x2.x * m.x, x2.y * m.x, x2.z * m.x, x2.x * m.y, x2.y * m.y, x2.z * m.y, x2.x, x2.y, x2.z));
    }
    let v = smallest_singular_vector(&r);
    let unit_f = rank_two(mat3x3(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8]));
    let f = transpose(to_unit(to_units.scales.y, to_units.centroids.zw)) * unit_f
        * to_unit(to_units.scales.x, to_units.centroids.xy);
    return (count > SAMPLE_SIZE || is_oriented(f, first, count)) && write_matrix(slot, f);
}
