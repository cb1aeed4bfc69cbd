// Relative pose of five normalised matches: x2ᵀ E x1 = 0, det E = 0, 2EEᵀE − tr(EEᵀ)E = 0 with E = [t]× R.
//
// Nistér, "An efficient solution to the five-point relative pose problem", PAMI 2004: null space of the 5×9 system,
// elimination of the ten cubic constraints, a polynomial of degree 10. Each real root is then polished by Newton steps on
// the motion itself, so that f32 is enough.
// In: 5 × (x1 y1 x2 y2). Out: at most 10 [R | t] with |t| = 1 and all five points in front of both cameras. Degenerate
// samples (repeated points, all on one line, no motion) give none or some finite ones.

const CONSTRAINTS: u32 = 5u;
const DEGREE: u32 = 10u;
const MAX_MODELS: u32 = 10u;
/// Bases of the null space that are tried until one gives pivots of at least this share of the largest.
const ATTEMPTS: u32 = 3u;
const GOOD_PIVOTS: f32 = 3e-2;
/// The sum of squared residuals that Newton's method may leave.
const ACCEPTED_RESIDUAL: f32 = 1e-9;

fn run_hypothesis(hypothesis: u32) {
    var matches: array<vec4<f32>, 5>;
    var rows: array<array<f32, 9>, CONSTRAINTS>;
    for (var i = 0u; i < 5u; i++) {
        let m = points[5u * hypothesis + i];
        matches[i] = m;
        rows[i] = array(m.z * m.x, m.z * m.y, m.z, m.w * m.x, m.w * m.y, m.w, m.x, m.y, 1.0);
    }
    var basis = null_space(&rows);
    var cubics: array<Cubic, 10>;
    for (var attempt = 0u; attempt < ATTEMPTS; attempt++) {
        cubics = essential_constraints(&basis);
        if eliminate(&cubics) >= GOOD_PIVOTS {
            break;
        }
        if attempt + 1u < ATTEMPTS {
            // The elimination is ill-conditioned where the plane of B₀ and B₁ comes near an essential matrix: take others.
            basis = array(basis[2], basis[select(0u, 3u, attempt == 0u)], basis[select(3u, 0u, attempt == 0u)], basis[1]);
        }
    }
    equations = equations_in_z(&cubics);
    var polynomial = determinant_in_z();
    var roots = real_roots(&polynomial);

    var count = 0u;
    // Translation and one entry of the rotation tell the models of a sample apart.
    var keys: array<vec4<f32>, MAX_MODELS>;
    for (var r = 0u; r < roots.count; r++) {
        var motion = motion_of_essential(essential_at(&basis, roots.values[r]));
        let residual = polish_motion(&motion, &matches);
        // Written so that NaN fails it too.
        if !(residual <= ACCEPTED_RESIDUAL) || !face_points(&motion, &matches) {
            continue;
        }
        let key = vec4(motion.translation, motion.rotation[0].x);
        var repeated = false;
        for (var k = 0u; k < count; k++) {
            repeated = repeated || distance(keys[k], key) < 1e-4;
        }
        if !repeated && count < MAX_MODELS {
            keys[count] = key;
            write_motion(hypothesis * MAX_MODELS + count, motion);
            count++;
        }
    }
    model_counts[hypothesis] = count;
}

/// Turns the motion into that of the four of its E which has all five points in front; false where there is none.
fn face_points(motion: ptr<function, Motion>, matches: ptr<function, array<vec4<f32>, 5>>) -> bool {
    for (var twist = 0u; twist < 2u; twist++) {
        let count = in_front(*motion, matches);
        if count.x == 5u {
            return true;
        }
        if count.y == 5u {
            (*motion).translation = -(*motion).translation;
            return true;
        }
        *motion = twisted(*motion);
    }
    return false;
}

/// An equation x(z) x + y(z) y + one(z) = 0; coefficients of z⁰ z¹ z² z³, and of z⁴ apart.
struct EquationInZ {
    x: vec4<f32>,
    y: vec4<f32>,
    one: vec4<f32>,
    one4: f32,
}

var<private> equations: array<EquationInZ, 3>;

/// Nistér's three equations: the rows of x²z, y²z and xyz less z times those of x², y² and xy; made orthonormal, which
/// scales their determinant but keeps its terms from cancelling.
fn equations_in_z(rows: ptr<function, array<Cubic, 10>>) -> array<EquationInZ, 3> {
    var made: array<EquationInZ, 3>;
    for (var i = 0u; i < 3u; i++) {
        let a = (*rows)[4u + 2u * i];
        let b = (*rows)[5u + 2u * i];
        made[i].x = vec4(a[3].x, a[2].wz, 0.0) - vec4(0.0, b[3].x, b[2].wz);
        made[i].y = vec4(a[3].wzy, 0.0) - vec4(0.0, b[3].wzy);
        made[i].one = a[4].wzyx - vec4(0.0, b[4].wzy);
        made[i].one4 = -b[4].x;
    }
    for (var k = 0u; k < 3u; k++) {
        var pivot = k;
        for (var i = k + 1u; i < 3u; i++) {
            let longer = inner(made[i], made[i]) > inner(made[pivot], made[pivot]);
            pivot = select(pivot, i, longer);
        }
        let unit = combined(EquationInZ(), made[pivot], inverseSqrt(inner(made[pivot], made[pivot])));
        made[pivot] = made[k];
        made[k] = unit;
        for (var i = k + 1u; i < 3u; i++) {
            made[i] = combined(made[i], unit, -inner(made[i], unit));
        }
    }
    return made;
}

fn inner(a: EquationInZ, b: EquationInZ) -> f32 {
    return dot(a.x, b.x) + dot(a.y, b.y) + dot(a.one, b.one) + a.one4 * b.one4;
}

fn combined(a: EquationInZ, b: EquationInZ, factor: f32) -> EquationInZ {
    return EquationInZ(
        a.x + factor * b.x,
        a.y + factor * b.y,
        a.one + factor * b.one,
        a.one4 + factor * b.one4,
    );
}

/// The determinant of the three equations in (x, y, 1), lowest coefficient first.
fn determinant_in_z() -> array<f32, DEGREE + 1u> {
    var sum = array<f32, DEGREE + 1u>();
    for (var k = 0u; k < 3u; k++) {
        let a = equations[(k + 1u) % 3u];
        let b = equations[(k + 2u) % 3u];
        var minor = array<f32, 7>();
        for (var p = 0u; p < 4u; p++) {
            for (var q = 0u; q < 4u; q++) {
                minor[p + q] += a.x[p] * b.y[q] - a.y[p] * b.x[q];
            }
        }
        let c = equations[k];
        for (var p = 0u; p < 7u; p++) {
            for (var q = 0u; q < 4u; q++) {
                sum[p + q] += minor[p] * c.one[q];
            }
            sum[p + 4u] += minor[p] * c.one4;
        }
    }
    return sum;
}

/// The three equations at (z, w), as rows of a matrix that is singular at the roots.
fn rows_at(root: vec2<f32>) -> mat3x3<f32> {
    let z = root.x;
    let w = root.y;
    let powers = vec4(w * w * w, w * w * z, w * z * z, z * z * z);
    var rows: mat3x3<f32>;
    for (var i = 0u; i < 3u; i++) {
        let equation = equations[i];
        let one = w * dot(powers, equation.one) + z * powers.w * equation.one4;
        rows[i] = vec3(dot(powers, equation.x), dot(powers, equation.y), one);
    }
    return rows;
}

fn form_at(root: vec2<f32>) -> f32 {
    let rows = rows_at(root);
    return dot(rows[0], cross(rows[1], rows[2]));
}

/// E at a root (z, w) of the determinant: with v the null vector of the equations, E = v₀ B₀ + v₁ B₁ + v₂ (z B₂ + w B₃).
fn essential_at(
    basis: ptr<function, array<array<f32, 9>, NULLITY>>,
    root: vec2<f32>,
) -> mat3x3<f32> {
    var rows = rows_at(root);
    var best = mat3x3<f32>();
    var least = 1e30;
    for (var i = 0u; i < 3u; i++) {
        let v = normalize(cross(rows[i], rows[(i + 1u) % 3u]));
        let weights = vec4(v.xy, v.z * root);
        var e: mat3x3<f32>;
        for (var k = 0u; k < 9u; k++) {
            e[k % 3u][k / 3u] =
                dot(weights, vec4((*basis)[0][k], (*basis)[1][k], (*basis)[2][k], (*basis)[3][k]));
        }
        let gram = e * transpose(e);
        let trace = gram[0][0] + gram[1][1] + gram[2][2];
        let violation = gram * e - 0.5 * trace * e;
        let size = frobenius(violation, violation) / (trace * trace * trace);
        if size < least {
            least = size;
            best = e;
        }
    }
    return best;
}
