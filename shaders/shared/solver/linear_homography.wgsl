// Homography of n ≥ 4 weighted matches by the normalised direct linear transform (Hartley and Zisserman 2004, algorithm
// 4.2).
//
// Reads match_at and weight_at. Out: at most one H, up to its norm, with a positive third coordinate for most of the weight. None
// for fewer than four matches of positive weight and for points that are all equal; collinear points give one of the many H that
// fit.

/// Zero where there is none.
fn linear_homography(first: u32, count: u32) -> mat3x3<f32> {
    let to_units = hartley(first, count, 4u);
    if !to_units.usable {
        return mat3x3<f32>();
    }
    var r = Triangular9();
    for (var i = first; i < first + count; i++) {
        let m = normalized(to_units, match_at(i));
        let x = sqrt(weight_at(i)) * vec3(m.xy, 1.0);
        // Coefficients of H by columns: h₀·x − u h₂·x and h₁·x − v h₂·x.
        insert_row(&r, outer9(vec3(1.0, 0.0, -m.z), x));
        insert_row(&r, outer9(vec3(0.0, 1.0, -m.w), x));
    }
    let unit_h = matrix9(smallest_singular_vector(r));
    let h = from_unit(to_units.scales.y, to_units.centroids.zw) * unit_h
        * to_unit(to_units.scales.x, to_units.centroids.xy);
    var in_front = 0.0;
    for (var i = first; i < first + count; i++) {
        let x = match_at(i).xy;
        in_front += weight_at(i) * sign(h[0].z * x.x + h[1].z * x.y + h[2].z);
    }
    return h * select(1.0, -1.0, in_front < 0.0);
}
