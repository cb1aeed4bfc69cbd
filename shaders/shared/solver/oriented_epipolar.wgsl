// The oriented epipolar constraint (Chum, Werner and Matas 2004).

/// Whether `count` matches from `first` on can all be in front of both cameras, or all behind: (e₂ × x₂) · (F x₁) has one
/// sign. Matches at an epipole say nothing.
fn is_oriented(f: mat3x3<f32>, first: u32, count: u32) -> bool {
    let candidates = cofactors(f);
    let epipole2 = longest3(candidates[0], candidates[1], candidates[2]);
    var positive = false;
    var negative = false;
    for (var i = first; i < first + count; i++) {
        let m = points[i];
        let side = dot(cross(epipole2, vec3(m.zw, 1.0)), f * vec3(m.xy, 1.0));
        positive = positive || side > 0.0;
        negative = negative || side < 0.0;
    }
    return !(positive && negative);
}
