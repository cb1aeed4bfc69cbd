// Householder reflections of vectors of nine in registers (Golub and Van Loan, Matrix Computations, section 5.2): those that
// turn the rows of an n × 9 matrix one after the other into the first n axes turn the other axes into an orthonormal basis
// of its null space. A row that depends on the others reflects at random or not at all, so the basis is finite and
// orthonormal even then. Written without arrays, whose indices would have to be constants after unrolling to stay in
// registers.

struct Nine {
    a: vec4<f32>,
    b: vec4<f32>,
    c: f32,
}

fn inner9(x: Nine, y: Nine) -> f32 {
    return dot(x.a, y.a) + dot(x.b, y.b) + x.c * y.c;
}

fn axis9(k: u32) -> Nine {
    return from9(Nine(vec4(1.0), vec4(1.0), 1.0), k, k);
}

/// The entries from `first` to `last`, the others zero.
fn from9(x: Nine, first: u32, last: u32) -> Nine {
    let at = vec4(0u, 1u, 2u, 3u);
    let first4 = vec4(first);
    let last4 = vec4(last);
    return Nine(
        select(vec4(0.0), x.a, at >= first4 & at <= last4),
        select(vec4(0.0), x.b, at + 4u >= first4 & at + 4u <= last4),
        select(0.0, x.c, last >= 8u),
    );
}

/// The v of the reflection I − v vᵀ that sends the entries of a row from k on to the first of them.
fn reflector(row: Nine, k: u32) -> Nine {
    let x = from9(row, k, 8u);
    let axis = axis9(k);
    let norm_sq = inner9(x, x);
    let head = inner9(x, axis);
    let norm = sqrt(norm_sq);
    let half_length_sq = norm_sq + abs(head) * norm;
    let scale = select(0.0, inverseSqrt(half_length_sq), half_length_sq > 1e-30);
    let added = select(-norm, norm, head >= 0.0) * scale;
    return Nine(x.a * scale + added * axis.a, x.b * scale + added * axis.b, x.c * scale + added * axis.c);
}

fn reflected(x: Nine, v: Nine) -> Nine {
    let along = inner9(x, v);
    return Nine(x.a - along * v.a, x.b - along * v.b, x.c - along * v.c);
}
