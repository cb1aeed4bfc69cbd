// Fundamental matrices of seven matches: x2ᵀ F x1 = 0, det F = 0.
//
// The null space of the 7×9 system leaves F = z F₁ + w F₂, and det F is a cubic form in (z, w) (Hartley and Zisserman 2004,
// section 11.1.2). Models under which the points do not all lie on one side are dropped (Chum, Werner and Matas 2004,
// "Epipolar geometry estimation via RANSAC benefits from the oriented epipolar constraint").
// In: 7 × (x1 y1 x2 y2), of a spread near 1. Out: at most 3 F of Frobenius norm 1. Degenerate samples (repeated points, a
// common plane) give none or some of the many F that satisfy the equations.

const SAMPLE_SIZE: u32 = 7u;
const MAX_MODELS: u32 = 3u;
/// A correction as long as this is none: equations that depend on each other leave any.
const LONGEST_CHANGE_SQ: f32 = 1e-2;

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
    let q0 = reflection(epipolar_row(first), 0u);
    let q1 = reflection(reflected(epipolar_row(first + 1u), q0.v), 1u);
    let q2 = reflection(reflected(reflected(epipolar_row(first + 2u), q0.v), q1.v), 2u);
    let q3 = reflection(reflected(reflected(reflected(epipolar_row(first + 3u), q0.v), q1.v), q2.v), 3u);
    var x = reflected(reflected(reflected(reflected(epipolar_row(first + 4u), q0.v), q1.v), q2.v), q3.v);
    let q4 = reflection(x, 4u);
    x = reflected(reflected(reflected(reflected(epipolar_row(first + 5u), q0.v), q1.v), q2.v), q3.v);
    let q5 = reflection(reflected(x, q4.v), 5u);
    x = reflected(reflected(reflected(reflected(epipolar_row(first + 6u), q0.v), q1.v), q2.v), q3.v);
    let q6 = reflection(reflected(reflected(x, q4.v), q5.v), 6u);
    let q = SevenReflections(q0, q1, q2, q3, q4, q5, q6);
    f1 = refined(turned_back7(q, axis9(7u)), q, first);
    f2 = refined(turned_back7(q, axis9(8u)), q, first);
}

/// A vector of the null space, corrected by what the equations miss with it. Its digits that have no exact residual are left
/// to the correction, too.
fn refined(x: Nine, q: SevenReflections, first: u32) -> mat3x3<f32> {
    let f = coarse_matrix(matrix9(x));
    let residuals = Nine(
        vec4(residual_at(f, first), residual_at(f, first + 1u), residual_at(f, first + 2u), residual_at(f, first + 3u)),
        vec4(residual_at(f, first + 4u), residual_at(f, first + 5u), residual_at(f, first + 6u), 0.0),
        0.0,
    );
    let change = turned_back7(q, lower_solved7(q, residuals));
    if inner9(change, change) < LONGEST_CHANGE_SQ {
        return f - matrix9(change);
    }
    return matrix9(x);
}

fn residual_at(f: mat3x3<f32>, i: u32) -> f32 {
    return epipolar_residual(f, points[i]);
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
