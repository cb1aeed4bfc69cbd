// Vectors of nine in registers. Written without arrays, whose indices would have to be constants after unrolling to stay
// there; where an entry is named by a number, that number is a literal.

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
        select(vec4(0.0), x.a, (at >= first4) & (at <= last4)),
        select(vec4(0.0), x.b, (at + 4u >= first4) & (at + 4u <= last4)),
        select(0.0, x.c, last >= 8u),
    );
}

/// The entries before `end`, the others zero.
fn before9(x: Nine, end: u32) -> Nine {
    let at = vec4(0u, 1u, 2u, 3u);
    let end4 = vec4(end);
    return Nine(select(vec4(0.0), x.a, at < end4), select(vec4(0.0), x.b, at + 4u < end4), select(0.0, x.c, end > 8u));
}

fn entry9(x: Nine, k: u32) -> f32 {
    if k < 4u {
        return x.a[k];
    }
    if k < 8u {
        return x.b[k - 4u];
    }
    return x.c;
}

/// x p + y q.
fn combined9(x: f32, p: Nine, y: f32, q: Nine) -> Nine {
    return Nine(x * p.a + y * q.a, x * p.b + y * q.b, x * p.c + y * q.c);
}

fn unit9(x: Nine) -> Nine {
    // Of vectors so long that their square would be infinite too.
    let largest = max(largest9(x), 1e-30);
    let scaled = Nine(x.a / largest, x.b / largest, x.c / largest);
    return combined9(inverseSqrt(inner9(scaled, scaled)), scaled, 0.0, scaled);
}

fn largest9(x: Nine) -> f32 {
    let a = max(abs(x.a), abs(x.b));
    return max(max(max(a.x, a.y), max(a.z, a.w)), abs(x.c));
}

/// The entries column by column.
fn matrix9(x: Nine) -> mat3x3<f32> {
    return mat3x3(x.a.xyz, vec3(x.a.w, x.b.xy), vec3(x.b.zw, x.c));
}

/// x₂ x₁ᵀ column by column: the coefficients of F in x₂ᵀ F x₁.
fn outer9(x2: vec3<f32>, x1: vec3<f32>) -> Nine {
    return Nine(vec4(x2, x2.x) * x1.xxxy, vec4(x2.yz, x2.xy) * x1.yyzz, x2.z * x1.z);
}
