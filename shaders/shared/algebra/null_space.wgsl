// Householder reflections of vectors of nine (Golub and Van Loan, Matrix Computations, section 5.2): those that turn the
// rows of an n × 9 matrix one after the other into the first n axes turn the other axes into an orthonormal basis of its
// null space. A row that depends on the others reflects at random or not at all, so the basis is finite and orthonormal
// even then.

/// The v of the reflection I − v vᵀ that sends the entries of a row from k on to the first of them.
fn reflector(row: Nine, k: u32) -> Nine {
    let x = from9(row, k, 8u);
    let norm_sq = inner9(x, x);
    let head = entry9(x, k);
    let norm = sqrt(norm_sq);
    let half_length_sq = norm_sq + abs(head) * norm;
    let scale = select(0.0, inverseSqrt(half_length_sq), half_length_sq > 1e-30);
    let added = select(-norm, norm, head >= 0.0) * scale;
    return combined9(scale, x, added, axis9(k));
}

fn reflected(x: Nine, v: Nine) -> Nine {
    return combined9(1.0, x, -inner9(x, v), v);
}

/// A row of A = L Qᵀ that the reflections before it have turned: its own reflection, and its row of L, zero beyond entry k.
struct Reflection {
    v: Nine,
    lower: Nine,
}

fn reflection(row: Nine, k: u32) -> Reflection {
    let x = from9(row, k, 8u);
    let diagonal = -select(-1.0, 1.0, entry9(row, k) >= 0.0) * sqrt(inner9(x, x));
    return Reflection(reflector(row, k), combined9(1.0, before9(row, k), diagonal, axis9(k)));
}
