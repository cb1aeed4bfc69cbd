// The triangular factor R of rows of nine that come one by one (AᵀA = RᵀR), and its smallest right singular vector. Givens
// rotations see the condition of A, where the sums of AᵀA would see its square.

struct Triangular9 {
    r0: Nine,
    r1: Nine,
    r2: Nine,
    r3: Nine,
    r4: Nine,
    r5: Nine,
    r6: Nine,
    r7: Nine,
    r8: Nine,
}

fn insert_row(r: ptr<function, Triangular9>, row: Nine) {
    let t0 = rotated((*r).r0, row, 0u);
    let t1 = rotated((*r).r1, t0.row, 1u);
    let t2 = rotated((*r).r2, t1.row, 2u);
    let t3 = rotated((*r).r3, t2.row, 3u);
    let t4 = rotated((*r).r4, t3.row, 4u);
    let t5 = rotated((*r).r5, t4.row, 5u);
    let t6 = rotated((*r).r6, t5.row, 6u);
    let t7 = rotated((*r).r7, t6.row, 7u);
    let t8 = rotated((*r).r8, t7.row, 8u);
    *r = Triangular9(t0.upper, t1.upper, t2.upper, t3.upper, t4.upper, t5.upper, t6.upper, t7.upper, t8.upper);
}

struct Rotated {
    upper: Nine,
    row: Nine,
}

/// Two rows turned so that entry k of the second vanishes.
fn rotated(upper: Nine, row: Nine, k: u32) -> Rotated {
    let diagonal = entry9(upper, k);
    let below = entry9(row, k);
    let length_sq = diagonal * diagonal + below * below;
    let exists = length_sq >= 1e-36;
    let scale = inverseSqrt(max(length_sq, 1e-36));
    let c = select(1.0, diagonal * scale, exists);
    let s = select(0.0, below * scale, exists);
    return Rotated(combined9(c, upper, s, row), combined9(c, row, -s, upper));
}

/// Of length 1. Inverse iteration with RᵀR of two vectors, which are turned in their plane before each step so that the first is
/// the best that the plane has: it comes nearer by the square of the smallest singular value as a share of the third smallest,
/// however near the second is.
fn smallest_singular_vector(r: Triangular9) -> Nine {
    let inverse = inverse_diagonal(r);
    // The first time only the back substitution: R x = e₉ is near the solution already.
    var x = unit9(back_substituted(r, inverse, axis9(8u)));
    var y = unit9(without9(unit9(back_substituted(r, inverse, axis9(7u))), x));
    for (var step = 0u; step < MOST_STEPS; step++) {
        let plane = best_first(Plane(x, y, forward_substituted(r, inverse, x), forward_substituted(r, inverse, y)));
        x = unit9(back_substituted(r, inverse, plane.image_x));
        y = unit9(without9(unit9(back_substituted(r, inverse, plane.image_y)), x));
        let moved = without9(plane.x, x);
        if inner9(moved, moved) < SETTLED_SQ {
            break;
        }
    }
    return x;
}

const MOST_STEPS: u32 = 40u;
/// A step that turns the vector by no more leaves it at the rounding.
const SETTLED_SQ: f32 = 1e-11;

/// Two orthogonal unit vectors x and y, and their images under R⁻ᵀ up to a scale.
struct Plane {
    x: Nine,
    y: Nine,
    image_x: Nine,
    image_y: Nine,
}

/// The plane with the longest image that it has as that of x.
fn best_first(p: Plane) -> Plane {
    // Of images so long that their squares would be infinite too.
    let scale = 1.0 / max(max(largest9(p.image_x), largest9(p.image_y)), 1e-30);
    let image_x = combined9(scale, p.image_x, 0.0, p.image_x);
    let image_y = combined9(scale, p.image_y, 0.0, p.image_y);
    let norm_x = inner9(image_x, image_x);
    let norm_y = inner9(image_y, image_y);
    let mixed = inner9(image_x, image_y);
    let turn = jacobi_rotation(norm_x, norm_y, mixed);
    let first_sq = turn.x * turn.x * norm_x - 2.0 * turn.x * turn.y * mixed + turn.y * turn.y * norm_y;
    // The two squares add up to those of before.
    let chosen = select(turn, vec2(turn.y, -turn.x), 2.0 * first_sq < norm_x + norm_y);
    return Plane(
        combined9(chosen.x, p.x, -chosen.y, p.y),
        combined9(chosen.y, p.x, chosen.x, p.y),
        combined9(chosen.x, image_x, -chosen.y, image_y),
        combined9(chosen.y, image_x, chosen.x, image_y),
    );
}

fn without9(x: Nine, unit: Nine) -> Nine {
    return combined9(1.0, x, -inner9(x, unit), unit);
}

/// A vanishing pivot is as good as one at the rounding.
fn inverse_diagonal(r: Triangular9) -> Nine {
    let a = vec4(r.r0.a.x, r.r1.a.y, r.r2.a.z, r.r3.a.w);
    let b = vec4(r.r4.b.x, r.r5.b.y, r.r6.b.z, r.r7.b.w);
    let size = max(abs(a), abs(b));
    let least = 1e-8 * max(max(max(size.x, size.y), max(size.z, size.w)), abs(r.r8.c)) + 1e-30;
    return Nine(
        1.0 / select(a, vec4(least), abs(a) < vec4(least)),
        1.0 / select(b, vec4(least), abs(b) < vec4(least)),
        1.0 / select(r.r8.c, least, abs(r.r8.c) < least),
    );
}

/// R x = b.
fn back_substituted(r: Triangular9, inverse: Nine, b: Nine) -> Nine {
    var x = Nine();
    x.c = b.c * inverse.c;
    x.b.w = (b.b.w - inner9(r.r7, x)) * inverse.b.w;
    x.b.z = (b.b.z - inner9(r.r6, x)) * inverse.b.z;
    x.b.y = (b.b.y - inner9(r.r5, x)) * inverse.b.y;
    x.b.x = (b.b.x - inner9(r.r4, x)) * inverse.b.x;
    x.a.w = (b.a.w - inner9(r.r3, x)) * inverse.a.w;
    x.a.z = (b.a.z - inner9(r.r2, x)) * inverse.a.z;
    x.a.y = (b.a.y - inner9(r.r1, x)) * inverse.a.y;
    x.a.x = (b.a.x - inner9(r.r0, x)) * inverse.a.x;
    return x;
}

/// Rᵀ y = b: each entry of b becomes one of y in its turn.
fn forward_substituted(r: Triangular9, inverse: Nine, b: Nine) -> Nine {
    let y0 = b.a.x * inverse.a.x;
    var rest = combined9(1.0, b, -y0, r.r0);
    let y1 = rest.a.y * inverse.a.y;
    rest = combined9(1.0, rest, -y1, r.r1);
    let y2 = rest.a.z * inverse.a.z;
    rest = combined9(1.0, rest, -y2, r.r2);
    let y3 = rest.a.w * inverse.a.w;
    rest = combined9(1.0, rest, -y3, r.r3);
    let y4 = rest.b.x * inverse.b.x;
    rest = combined9(1.0, rest, -y4, r.r4);
    let y5 = rest.b.y * inverse.b.y;
    rest = combined9(1.0, rest, -y5, r.r5);
    let y6 = rest.b.z * inverse.b.z;
    rest = combined9(1.0, rest, -y6, r.r6);
    let y7 = rest.b.w * inverse.b.w;
    rest = combined9(1.0, rest, -y7, r.r7);
    return Nine(vec4(y0, y1, y2, y3), vec4(y4, y5, y6, y7), rest.c * inverse.c);
}
