// Nistér's three equations x(z) x + y(z) y + one(z) = 0 (2004, section 3.2) and their determinant, which vanishes at the
// essential matrices: a form of degree ten in (z, w), so that no root is at infinity.

/// Coefficients of w³, z w², z² w and z³, each of the three equations; of `one` those of w⁴ to z³ w, that of z⁴ apart.
struct Form {
    x: mat4x3<f32>,
    y: mat4x3<f32>,
    one: mat4x3<f32>,
    one4: vec3<f32>,
}

/// Vectors of a form.
const FORM_SIZE: u32 = 13u;

/// The forms of the samples.
var<workgroup> forms: array<vec3<f32>, FORM_SIZE * SAMPLES>;

/// An equation, coefficients by rising powers of z.
struct EquationInZ {
    x: vec4<f32>,
    y: vec4<f32>,
    one: vec4<f32>,
    one4: f32,
}

/// Row a less z times row b of the elimination.
fn equation_in_z(a: Quadratic, b: Quadratic) -> EquationInZ {
    return EquationInZ(
        vec4(a[0].zyx, 0.0) - vec4(0.0, b[0].zyx),
        vec4(a[1].yx, a[0].w, 0.0) - vec4(0.0, b[1].yx, b[0].w),
        vec4(a[2].yx, a[1].wz) - vec4(0.0, b[2].yx, b[1].w),
        -b[1].z,
    );
}

/// Writes the form of a sample from the six rows at `first`: the rows of x²z, y²z and xyz less z times those of x², y² and
/// xy, made orthonormal, which scales their determinant but keeps its terms from cancelling.
fn write_form(sample: u32, first: u32) {
    var a = equation_in_z(scratch[first], scratch[first + 1u]);
    var b = equation_in_z(scratch[first + 2u], scratch[first + 3u]);
    var c = equation_in_z(scratch[first + 4u], scratch[first + 5u]);
    longer_first(&a, &b);
    longer_first(&a, &c);
    a = unit(a);
    b = combined(b, a, -inner(a, b));
    c = combined(c, a, -inner(a, c));
    longer_first(&b, &c);
    b = unit(b);
    c = unit(combined(c, b, -inner(b, c)));
    let x = transpose(mat3x4(a.x, b.x, c.x));
    let y = transpose(mat3x4(a.y, b.y, c.y));
    let one = transpose(mat3x4(a.one, b.one, c.one));
    let place = FORM_SIZE * sample;
    forms[place] = x[0];
    forms[place + 1u] = x[1];
    forms[place + 2u] = x[2];
    forms[place + 3u] = x[3];
    forms[place + 4u] = y[0];
    forms[place + 5u] = y[1];
    forms[place + 6u] = y[2];
    forms[place + 7u] = y[3];
    forms[place + 8u] = one[0];
    forms[place + 9u] = one[1];
    forms[place + 10u] = one[2];
    forms[place + 11u] = one[3];
    forms[place + 12u] = vec3(a.one4, b.one4, c.one4);
}

fn longer_first(a: ptr<function, EquationInZ>, b: ptr<function, EquationInZ>) {
    if inner(*b, *b) > inner(*a, *a) {
        let longer = *b;
        *b = *a;
        *a = longer;
    }
}

fn inner(a: EquationInZ, b: EquationInZ) -> f32 {
    return dot(a.x, b.x) + dot(a.y, b.y) + dot(a.one, b.one) + a.one4 * b.one4;
}

fn unit(a: EquationInZ) -> EquationInZ {
    return combined(EquationInZ(), a, inverseSqrt(inner(a, a)));
}

fn combined(a: EquationInZ, b: EquationInZ, factor: f32) -> EquationInZ {
    return EquationInZ(
        a.x + factor * b.x,
        a.y + factor * b.y,
        a.one + factor * b.one,
        a.one4 + factor * b.one4,
    );
}

fn form_of(sample: u32) -> Form {
    let i = FORM_SIZE * sample;
    return Form(
        mat4x3(forms[i], forms[i + 1u], forms[i + 2u], forms[i + 3u]),
        mat4x3(forms[i + 4u], forms[i + 5u], forms[i + 6u], forms[i + 7u]),
        mat4x3(forms[i + 8u], forms[i + 9u], forms[i + 10u], forms[i + 11u]),
        forms[i + 12u],
    );
}

/// The matrix of the three equations in (x, y, 1) at (z, w); columns.
fn matrix_at(form: Form, zw: vec2<f32>) -> mat3x3<f32> {
    let squares = zw * zw;
    let powers = squares.yyxx * zw.yxyx;
    return mat3x3(form.x * powers, form.y * powers, form.one * (powers * zw.y) + form.one4 * (powers.w * zw.x));
}

fn value_at(form: Form, zw: vec2<f32>) -> f32 {
    return determinant(matrix_at(form, zw));
}

/// E at a root: with v the null vector of the equations, E = v₀ B₀ + v₁ B₁ + v₂ (z B₂ + w B₃). Any two of the equations give
/// a null vector; that of the best E is taken. `first` is where the basis is in `entries`.
fn essential_at(form: Form, zw: vec2<f32>, first: u32) -> mat3x3<f32> {
    let rows = transpose(matrix_at(form, zw));
    let a = combination(cross(rows[0], rows[1]), zw, first);
    let b = combination(cross(rows[1], rows[2]), zw, first);
    let c = combination(cross(rows[2], rows[0]), zw, first);
    let violations = vec3(violation(a), violation(b), violation(c));
    if violations.x <= min(violations.y, violations.z) {
        return a;
    }
    if violations.y <= violations.z {
        return b;
    }
    return c;
}

fn combination(v: vec3<f32>, zw: vec2<f32>, first: u32) -> mat3x3<f32> {
    let weights = vec4(v.xy, v.z * zw);
    return transpose(mat3x3(
        dot(weights, entries[first]),
        dot(weights, entries[first + 1u]),
        dot(weights, entries[first + 2u]),
        dot(weights, entries[first + 3u]),
        dot(weights, entries[first + 4u]),
        dot(weights, entries[first + 5u]),
        dot(weights, entries[first + 6u]),
        dot(weights, entries[first + 7u]),
        dot(weights, entries[first + 8u]),
    ));
}

/// The square of EEᵀE − ½ tr(EEᵀ) E, whatever the length of E.
fn violation(e: mat3x3<f32>) -> f32 {
    let gram = e * transpose(e);
    let trace = gram[0].x + gram[1].y + gram[2].z;
    let left = gram * e - 0.5 * trace * e;
    return frobenius(left, left) / (trace * trace * trace);
}
