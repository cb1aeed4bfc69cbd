// The cubic constraints of an essential matrix E = x B₀ + y B₁ + z B₂ + B₃, and their elimination (Nistér 2004, sections 3.1 and
// 3.2). Linear polynomials in (x, y, z) are vec4 (x, y, z, 1).

struct Quadratic {
    squares: vec3<f32>, // x² y² z²
    products: vec3<f32>, // xy xz yz
    linear: vec3<f32>, // x y z
    one: f32,
}

/// In Nistér's order: x³ y³ x²y xy² | x²z x² y²z y² | xyz xy xz² xz | x yz² yz y | z³ z² z 1.
alias Cubic = array<vec4<f32>, 5>;

fn add_product(sum: ptr<function, Quadratic>, a: vec4<f32>, b: vec4<f32>) {
    (*sum).squares += a.xyz * b.xyz;
    (*sum).products += a.xxy * b.yzz + a.yzz * b.xxy;
    (*sum).linear += a.xyz * b.w + b.xyz * a.w;
    (*sum).one += a.w * b.w;
}

fn add_cubic_product(sum: ptr<function, Cubic>, q: Quadratic, l: vec4<f32>) {
    let s = q.squares;
    let p = q.products;
    let d = q.linear;
    (*sum)[0] += vec4(s.x * l.x, s.y * l.y, s.x * l.y + p.x * l.x, p.x * l.y + s.y * l.x);
    (*sum)[1] += vec4(s.x * l.z + p.y * l.x, s.x * l.w + d.x * l.x, s.y * l.z + p.z * l.y, s.y * l.w + d.y * l.y);
    (*sum)[2] += vec4(
        p.x * l.z + p.y * l.y + p.z * l.x,
        p.x * l.w + d.x * l.y + d.y * l.x,
        p.y * l.z + s.z * l.x,
        p.y * l.w + d.x * l.z + d.z * l.x,
    );
    (*sum)[3] += vec4(
        d.x * l.w + q.one * l.x,
        p.z * l.z + s.z * l.y,
        p.z * l.w + d.y * l.z + d.z * l.y,
        d.y * l.w + q.one * l.y,
    );
    (*sum)[4] += vec4(s.z * l.z, s.z * l.w + d.z * l.z, d.z * l.w + q.one * l.z, q.one * l.w);
}

/// The ten cubic constraints: nine of the trace condition, then the determinant.
fn essential_constraints(basis: ptr<function, array<array<f32, 9>, NULLITY>>) -> array<Cubic, 10> {
    var e: array<vec4<f32>, 9>;
    for (var k = 0u; k < 9u; k++) {
        e[k] = vec4((*basis)[0][k], (*basis)[1][k], (*basis)[2][k], (*basis)[3][k]);
    }
    var cubics = array<Cubic, 10>();
    // Row i of EEᵀ − ½ tr(EEᵀ) I is at 3i.
    var gram = array<Quadratic, 9>();
    var half_trace = Quadratic();
    for (var i = 0u; i < 9u; i++) {
        add_product(&half_trace, 0.5 * e[i], e[i]);
    }
    for (var i = 0u; i < 3u; i++) {
        for (var k = 0u; k < 3u; k++) {
            var entry = Quadratic();
            for (var j = 0u; j < 3u; j++) {
                add_product(&entry, e[3u * i + j], e[3u * k + j]);
            }
            if i == k {
                entry.squares -= half_trace.squares;
                entry.products -= half_trace.products;
                entry.linear -= half_trace.linear;
                entry.one -= half_trace.one;
            }
            gram[3u * i + k] = entry;
        }
    }
    for (var i = 0u; i < 3u; i++) {
        for (var j = 0u; j < 3u; j++) {
            var cubic = Cubic();
            for (var k = 0u; k < 3u; k++) {
                add_cubic_product(&cubic, gram[3u * i + k], e[3u * k + j]);
            }
            cubics[3u * i + j] = cubic;
        }
    }
    var determinant = Cubic();
    for (var k = 0u; k < 3u; k++) {
        let i = (k + 1u) % 3u;
        let j = (k + 2u) % 3u;
        var minor = Quadratic();
        add_product(&minor, e[i], e[3u + j]);
        add_product(&minor, -e[j], e[3u + i]);
        add_cubic_product(&determinant, minor, e[6u + k]);
    }
    cubics[9] = determinant;
    return cubics;
}

/// Gauss elimination of the first ten monomials with partial pivoting; of the reduced rows only the last six, which the
/// equations in z are made of, are reduced backwards too.
/// Returns the smallest pivot as a share of the largest.
fn eliminate(rows: ptr<function, array<Cubic, 10>>) -> f32 {
    var smallest = 1e30;
    var largest = 0.0;
    for (var column = 0u; column < 10u; column++) {
        let part = column / 4u;
        let lane = column % 4u;
        var pivot = column;
        var size = -1.0;
        for (var i = column; i < 10u; i++) {
            let candidate = abs((*rows)[i][part][lane]);
            if candidate > size {
                size = candidate;
                pivot = i;
            }
        }
        smallest = min(smallest, size);
        largest = max(largest, size);
        var pivot_row = (*rows)[pivot];
        (*rows)[pivot] = (*rows)[column];
        let inverse = 1.0 / pivot_row[part][lane];
        for (var k = 0u; k < 5u; k++) {
            pivot_row[k] *= inverse;
        }
        (*rows)[column] = pivot_row;
        for (var i = column + 1u; i < 10u; i++) {
            let factor = (*rows)[i][part][lane];
            for (var k = part; k < 5u; k++) {
                (*rows)[i][k] -= factor * pivot_row[k];
            }
        }
    }
    for (var column = 9u; column > 4u; column--) {
        for (var i = 4u; i < column; i++) {
            let factor = (*rows)[i][column / 4u][column % 4u];
            for (var k = 2u; k < 5u; k++) {
                (*rows)[i][k] -= factor * (*rows)[column][k];
            }
        }
    }
    return smallest / largest;
}
