// Fundamental matrices of seven matches: x2ᵀ F x1 = 0, det F = 0.
//
// The null space of the 7×9 system leaves F = z F₁ + w F₂, and det F is a cubic form in (z, w) (Hartley and Zisserman 2004,
// section 11.1.2). Models under which the points do not all lie on one side are dropped (Chum, Werner and Matas 2004,
// "Epipolar geometry estimation via RANSAC benefits from the oriented epipolar constraint").
// In: 7 × (x1 y1 x2 y2), of a spread near 1. Out: at most 3 F of Frobenius norm 1. Degenerate samples (repeated points, a
// common plane) give none or some of the many F that satisfy the equations.

const CONSTRAINTS: u32 = 7u;
const DEGREE: u32 = 3u;
const MAX_MODELS: u32 = 3u;

/// The basis of the null space.
var<private> f1: mat3x3<f32>;
var<private> f2: mat3x3<f32>;

fn run_hypothesis(hypothesis: u32) {
    var rows: array<array<f32, 9>, CONSTRAINTS>;
    for (var i = 0u; i < CONSTRAINTS; i++) {
        let m = points[CONSTRAINTS * hypothesis + i];
        // Coefficients of F by columns.
        rows[i] = array(m.z * m.x, m.w * m.x, m.x, m.z * m.y, m.w * m.y, m.y, m.z, m.w, 1.0);
    }
    let basis = null_space(&rows);
    f1 = matrix_of(basis[0]);
    f2 = matrix_of(basis[1]);
    var form = pencil_determinant(f1, f2);
    let roots = real_roots(&form);
    var count = 0u;
    for (var r = 0u; r < roots.count; r++) {
        let f = f1 * roots.values[r].x + f2 * roots.values[r].y;
        if is_oriented(f, CONSTRAINTS * hypothesis, CONSTRAINTS) && write_matrix(hypothesis * MAX_MODELS + count, f) {
            count++;
        }
    }
    model_counts[hypothesis] = count;
}

fn matrix_of(v: array<f32, 9>) -> mat3x3<f32> {
    return mat3x3(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8]);
}

fn form_at(root: vec2<f32>) -> f32 {
    return determinant(f1 * root.x + f2 * root.y);
}
