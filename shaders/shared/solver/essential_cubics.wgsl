// The cubic constraints of an essential matrix E = x B₀ + y B₁ + z B₂ + B₃ (Nistér 2004, section 3.1). Linear polynomials in
// (x, y, z) are vec4 (x, y, z, 1).

/// Columns: x² y² z² and 1, xy xz yz, x y z.
alias Quadratic = mat3x4<f32>;

/// In Nistér's order: x³ y³ x²y xy² | x²z x² y²z y² | xyz xy xz² xz | x yz² yz y | z³ z² z 1.
struct Cubic {
    a: vec4<f32>,
    b: vec4<f32>,
    c: vec4<f32>,
    d: vec4<f32>,
    e: vec4<f32>,
}

fn product(a: vec4<f32>, b: vec4<f32>) -> Quadratic {
    return Quadratic(a * b, vec4(a.xxy * b.yzz + a.yzz * b.xxy, 0.0), vec4(a.xyz * b.w + b.xyz * a.w, 0.0));
}

fn cubic_product(q: Quadratic, l: vec4<f32>) -> Cubic {
    let s = q[0];
    let p = q[1];
    let d = q[2];
    return Cubic(
        vec4(s.x * l.x, s.y * l.y, s.x * l.y + p.x * l.x, p.x * l.y + s.y * l.x),
        vec4(s.x * l.z + p.y * l.x, s.x * l.w + d.x * l.x, s.y * l.z + p.z * l.y, s.y * l.w + d.y * l.y),
        vec4(
            p.x * l.z + p.y * l.y + p.z * l.x,
            p.x * l.w + d.x * l.y + d.y * l.x,
            p.y * l.z + s.z * l.x,
            p.y * l.w + d.x * l.z + d.z * l.x,
        ),
        vec4(
            d.x * l.w + s.w * l.x,
            p.z * l.z + s.z * l.y,
            p.z * l.w + d.y * l.z + d.z * l.y,
            d.y * l.w + s.w * l.y,
        ),
        vec4(s.z * l.z, s.z * l.w + d.z * l.z, d.z * l.w + s.w * l.z, s.w * l.w),
    );
}

/// c + factor × other.
fn plus_cubic(c: Cubic, factor: f32, other: Cubic) -> Cubic {
    return Cubic(
        c.a + factor * other.a,
        c.b + factor * other.b,
        c.c + factor * other.c,
        c.d + factor * other.d,
        c.e + factor * other.e,
    );
}

/// Of nine quadratics that the constraints are made of: 0 to 5 the entries (0, 0) (0, 1) (0, 2) (1, 1) (1, 2) (2, 2) of EEᵀ,
/// 6 to 8 the minors of the first two rows of E. `first` is where E is in `entries`.
fn essential_quadratic(k: u32, first: u32) -> Quadratic {
    if k >= 6u {
        let i = first + (k + 1u) % 3u;
        let j = first + (k + 2u) % 3u;
        return product(entries[i], entries[3u + j]) - product(entries[j], entries[3u + i]);
    }
    let row = select(0u, 1u, k >= 3u) + select(0u, 1u, k >= 5u);
    let other = k - 2u * select(0u, 1u, k >= 3u) - select(0u, 1u, k >= 5u);
    let i = first + 3u * row;
    let j = first + 3u * other;
    return product(entries[i], entries[j]) + product(entries[i + 1u], entries[j + 1u]) + product(entries[i + 2u], entries[j + 2u]);
}

/// The constraint k of ten: nine of (EEᵀ − ½ tr(EEᵀ) I) E = 0, row by row, then det E = 0. `first` is where E is in
/// `entries` and its quadratics in `scratch`.
fn essential_cubic(k: u32, first: u32) -> Cubic {
    let is_determinant = k == 9u;
    let row = k / 3u;
    let half_trace = 0.5 * (scratch[first] + scratch[first + 3u] + scratch[first + 5u]);
    var cubic = Cubic();
    for (var j = 0u; j < 3u; j++) {
        let low = min(row, j);
        let gram = low * (5u - low) / 2u + max(row, j);
        let quadratic = scratch[first + select(gram, 6u + j, is_determinant)];
        let trace = select(0.0, 1.0, row == j);
        let linear = entries[first + select(3u * j + k % 3u, 6u + j, is_determinant)];
        cubic = plus_cubic(cubic, 1.0, cubic_product(quadratic - trace * half_trace, linear));
    }
    return cubic;
}
