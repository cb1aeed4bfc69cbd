// The eigenvector f of the smallest eigenvalue μ of M = RᵀR, and its gradient by the implicit function theorem.

/// Sweeps of Jacobi rotations at most; f32 settles in five or six.
const JACOBI_SWEEPS: u32 = 10u;

/// The rows of R after rotations from the left: the right singular vectors times the singular values.
struct SingularRows {
    rows: array<Nine, 9>,
    norms_sq: array<f32, 9>,
    least: u32,
    largest_sq: f32,
    /// f, of length 1.
    vector: Nine,
}

/// One-sided Jacobi rotations (Hestenes 1958): small singular values keep their digits, which those of RᵀR would not in
/// f32.
fn singular_rows(r: Triangular9) -> SingularRows {
    var s: SingularRows;
    var vector = smallest_singular_vector(r);
    s.rows = array(r.r0, r.r1, r.r2, r.r3, r.r4, r.r5, r.r6, r.r7, r.r8);
    for (var sweep = 0u; sweep < JACOBI_SWEEPS; sweep++) {
        var rotated = false;
        for (var p = 0u; p < 8u; p++) {
            for (var q = p + 1u; q < 9u; q++) {
                rotated = rotate_rows(&s, p, q) || rotated;
            }
        }
        if !rotated {
            break;
        }
    }
    for (var k = 0u; k < 9u; k++) {
        s.norms_sq[k] = inner9(s.rows[k], s.rows[k]);
        s.largest_sq = max(s.largest_sq, s.norms_sq[k]);
        s.least = select(s.least, k, s.norms_sq[k] < s.norms_sq[s.least]);
    }
    // Inverse iteration leaves a share of the other vectors.
    for (var time = 0u; time < 2u; time++) {
        for (var k = 0u; k < 9u; k++) {
            if k != s.least {
                vector = combined9(1.0, vector, -inner9(s.rows[k], vector) / s.norms_sq[k], s.rows[k]);
            }
        }
        vector = unit9(vector);
    }
    s.vector = vector;
    return s;
}

/// Makes two rows orthogonal; false if they were.
fn rotate_rows(s: ptr<function, SingularRows>, p: u32, q: u32) -> bool {
    let row_p = (*s).rows[p];
    let row_q = (*s).rows[q];
    let norm_p = inner9(row_p, row_p);
    let norm_q = inner9(row_q, row_q);
    let mixed = inner9(row_p, row_q);
    if abs(mixed) <= 1e-7 * sqrt(norm_p * norm_q) {
        return false;
    }
    let turn = jacobi_rotation(norm_p, norm_q, mixed);
    (*s).rows[p] = combined9(turn.x, row_p, -turn.y, row_q);
    (*s).rows[q] = combined9(turn.y, row_p, turn.x, row_q);
    return true;
}

/// How far √μ is from the next singular value, as a share of the largest: below 1 / MAX_CONDITION f is not determined.
fn relative_gap(s: ptr<function, SingularRows>) -> f32 {
    var next_sq = (*s).largest_sq;
    for (var k = 0u; k < 9u; k++) {
        next_sq = select(next_sq, min(next_sq, (*s).norms_sq[k]), k != (*s).least);
    }
    return (sqrt(next_sq) - sqrt((*s).norms_sq[(*s).least])) * inverseSqrt((*s).largest_sq);
}

/// −(M − μI)⁺ g, so that dL = resultᵀ dM f, with g = ∂L/∂f.
fn eigenvector_multiplier(s: ptr<function, SingularRows>, g: Nine) -> Nine {
    var multiplier = Nine();
    for (var k = 0u; k < 9u; k++) {
        if k != (*s).least {
            let gap = (*s).norms_sq[k] - (*s).norms_sq[(*s).least];
            let factor = -inner9((*s).rows[k], g) / ((*s).norms_sq[k] * gap);
            multiplier = combined9(1.0, multiplier, factor, (*s).rows[k]);
        }
    }
    return multiplier;
}
