// Fundamental matrices of seven matches: x2ᵀ F x1 = 0, det F = 0.
//
// The null space of the 7×9 system leaves F = z F₁ + w F₂, and det F is a cubic form in (z, w) (Hartley and Zisserman 2004,
// section 11.1.2). Models under which the points do not all lie on one side are dropped (Chum, Werner and Matas 2004,
// "Epipolar geometry estimation via RANSAC benefits from the oriented epipolar constraint").
// In: 7 × (x1 y1 x2 y2), of a spread near 1. Out: at most 3 F of Frobenius norm 1. Degenerate samples (repeated points, a
// common plane) give none or some of the many F that satisfy the equations.

const SAMPLE_SIZE: u32 = 7u;
const MAX_MODELS: u32 = 3u;

/// The basis of the null space.
var<private> f1: mat3x3<f32>;
var<private> f2: mat3x3<f32>;

fn run_hypothesis(hypothesis: u32) {
    let first = SAMPLE_SIZE * hypothesis;
    find_basis(first);
    let roots = cubic_roots(pencil_determinant(f1, f2));
    var count = 0u;
    add_model(hypothesis, roots.isolated, &count);
    if roots.count == 3u {
        add_model(hypothesis, roots.second, &count);
        add_model(hypothesis, roots.third, &count);
    }
    model_counts[hypothesis] = count;
}

fn find_basis(first: u32) {
    let v0 = reflector(epipolar_row(first), 0u);
    let v1 = reflector(reflected(epipolar_row(first + 1u), v0), 1u);
    let v2 = reflector(reflected(reflected(epipolar_row(first + 2u), v0), v1), 2u);
    let v3 = reflector(reflected(reflected(reflected(epipolar_row(first + 3u), v0), v1), v2), 3u);
    var x = reflected(reflected(reflected(reflected(epipolar_row(first + 4u), v0), v1), v2), v3);
    let v4 = reflector(x, 4u);
    x = reflected(reflected(reflected(reflected(epipolar_row(first + 5u), v0), v1), v2), v3);
    let v5 = reflector(reflected(x, v4), 5u);
    x = reflected(reflected(reflected(reflected(epipolar_row(first + 6u), v0), v1), v2), v3);
    let v6 = reflector(reflected(reflected(x, v4), v5), 6u);
    x = reflected(reflected(reflected(axis9(7u), v6), v5), v4);
    f1 = matrix9(reflected(reflected(reflected(reflected(x, v3), v2), v1), v0));
    x = reflected(reflected(reflected(axis9(8u), v6), v5), v4);
    f2 = matrix9(reflected(reflected(reflected(reflected(x, v3), v2), v1), v0));
}

/// The equation of a match; coefficients of F by columns.
fn epipolar_row(i: u32) -> Nine {
    let m = points[i];
    return outer9(vec3(m.zw, 1.0), vec3(m.xy, 1.0));
}

fn form_at(root: vec2<f32>) -> f32 {
    return determinant(f1 * root.x + f2 * root.y);
}

fn add_model(hypothesis: u32, root: vec2<f32>, count: ptr<function, u32>) {
    let f = f1 * root.x + f2 * root.y;
    if is_oriented(f, SAMPLE_SIZE * hypothesis, SAMPLE_SIZE) && write_matrix(hypothesis * MAX_MODELS + *count, f) {
        (*count)++;
    }
}
