// Rigid transform y = R x + t of three 3-D matches, least squares in closed form (Kabsch 1976), without the decomposition
// that three points can do without.
//
// In: 3 × (first side xyz0, second side xyz0). Out: at most one [R | t]; exact for congruent triangles, always a rotation.
// None for triangles whose points are collinear or repeated.

fn run_hypothesis(hypothesis: u32) {
    let first = 6u * hypothesis;
    let p = mat3x3(points[first].xyz, points[first + 2u].xyz, points[first + 4u].xyz);
    let q = mat3x3(points[first + 1u].xyz, points[first + 3u].xyz, points[first + 5u].xyz);
    let alignment = align_triangles(p, q);
    if alignment.found {
        write_motion(hypothesis, alignment.motion);
    }
    model_counts[hypothesis] = select(0u, 1u, alignment.found);
}
