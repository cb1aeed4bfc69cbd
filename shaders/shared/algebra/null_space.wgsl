// Orthonormal basis of the null space of a CONSTRAINTS × 9 matrix, by Householder reflections of its transpose (Golub and
// Van Loan, Matrix Computations, section 5.2). The shader that uses it declares CONSTRAINTS. A row that depends on the
// others reflects at random or not at all, so the basis is finite and orthonormal even then.

const NULLITY: u32 = 9u - CONSTRAINTS;

/// Overwrites `rows` with the reflectors.
fn null_space(rows: ptr<function, array<array<f32, 9>, CONSTRAINTS>>) -> array<array<f32, 9>, NULLITY> {
    for (var k = 0u; k < CONSTRAINTS; k++) {
        make_reflector(rows, k);
        for (var i = k + 1u; i < CONSTRAINTS; i++) {
            var row = (*rows)[i];
            apply_reflector(rows, k, &row);
            (*rows)[i] = row;
        }
    }
    var basis: array<array<f32, 9>, NULLITY>;
    for (var b = 0u; b < NULLITY; b++) {
        var vector = array<f32, 9>();
        vector[CONSTRAINTS + b] = 1.0;
        for (var k = CONSTRAINTS; k > 0u; k--) {
            apply_reflector(rows, k - 1u, &vector);
        }
        basis[b] = vector;
    }
    return basis;
}

/// Makes of row k the v of the reflection I − v vᵀ that sends its entries from k on to the first of them.
fn make_reflector(rows: ptr<function, array<array<f32, 9>, CONSTRAINTS>>, k: u32) {
    var norm_sq = 0.0;
    for (var j = k; j < 9u; j++) {
        norm_sq += (*rows)[k][j] * (*rows)[k][j];
    }
    let head = (*rows)[k][k];
    let norm = sqrt(norm_sq);
    (*rows)[k][k] = head + select(-norm, norm, head >= 0.0);
    let half_length_sq = norm_sq + abs(head) * norm;
    let scale = select(0.0, inverseSqrt(half_length_sq), half_length_sq > 1e-30);
    for (var j = k; j < 9u; j++) {
        (*rows)[k][j] *= scale;
    }
}

fn apply_reflector(rows: ptr<function, array<array<f32, 9>, CONSTRAINTS>>, k: u32, vector: ptr<function, array<f32, 9>>) {
    var along = 0.0;
    for (var j = k; j < 9u; j++) {
        along += (*rows)[k][j] * (*vector)[j];
    }
    for (var j = k; j < 9u; j++) {
        (*vector)[j] -= along * (*rows)[k][j];
    }
}
