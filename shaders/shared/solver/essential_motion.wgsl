// The motion of an essential matrix, and Newton steps on the epipolar equations of five matches in the five coordinates of
// the motion. Motions are camera2_from_camera1 with a translation of length 1.

/// One of the four motions of E (Horn, "Recovering baseline and orientation from essential matrix", 1990): with |t| = 1,
/// R = cof(E) − [t]× E. Near enough for Newton's method where E is only nearly essential.
fn motion_of_essential(essential: mat3x3<f32>) -> Motion {
    let norm_sq = frobenius(essential, essential);
    let e = essential * sqrt(2.0 / norm_sq);
    let minors = cofactors(e);
    // The columns of cof(E) = t tᵀ R are all multiples of t.
    let lengths = vec3(length(minors[0]), length(minors[1]), length(minors[2]));
    var t = minors[0];
    if lengths.y > lengths.x && lengths.y >= lengths.z {
        t = minors[1];
    } else if lengths.z > lengths.x {
        t = minors[2];
    }
    t = normalize(t);
    let rotation = mat3x3(
        minors[0] - cross(t, e[0]),
        minors[1] - cross(t, e[1]),
        minors[2] - cross(t, e[2]),
    );
    return Motion(orthonormalized(rotation), t);
}

/// The same E with the other rotation: turned by half a turn about the translation.
fn twisted(motion: Motion) -> Motion {
    let t = motion.translation;
    let half_turn = mat3x3(
        2.0 * t * t.x - vec3(1.0, 0.0, 0.0),
        2.0 * t * t.y - vec3(0.0, 1.0, 0.0),
        2.0 * t * t.z - vec3(0.0, 0.0, 1.0),
    );
    return Motion(half_turn * motion.rotation, t);
}

/// The matches (x1 y1 x2 y2) of a sample.
struct Matches {
    a: vec4<f32>,
    b: vec4<f32>,
    c: vec4<f32>,
    d: vec4<f32>,
    e: vec4<f32>,
}

/// Newton's method on the residuals x2 · (t × R x1) = t · (R x1 × x2) of the matches, with the unknowns (ω, τ1, τ2):
/// R ← exp([ω]×) R, t ← t + τ1 b1 + τ2 b2. Steps that make it worse are taken back and shortened. Returns the sum of the
/// squared residuals left.
fn polish_motion(motion: ptr<function, Motion>, matches: Matches) -> f32 {
    var next = *motion;
    var best = 1e30;
    var change = Change();
    for (var step = 0u; step < NEWTON_STEPS; step++) {
        let newton = newton_step(next, matches);
        if newton.value < best {
            *motion = next;
            best = newton.value;
            // A step longer than half a radian comes from a nearly singular system.
            let norm_sq = dot(newton.turn, newton.turn) + dot(newton.shift, newton.shift);
            change = scaled(newton, min(1.0, 0.5 * inverseSqrt(norm_sq + 1e-30)));
        } else if best < CONVERGED {
            break;
        } else {
            change = scaled(change, 0.3);
        }
        next = moved(*motion, change);
    }
    return best;
}

const NEWTON_STEPS: u32 = 12u;
/// Squared residuals of rounding alone: a step that makes them worse is the last.
const CONVERGED: f32 = 1e-13;

/// A step (ω, τ), or an equation turn · ω + shift · τ = value.
struct Change {
    turn: vec3<f32>,
    shift: vec2<f32>,
    value: f32,
}

fn scaled(c: Change, factor: f32) -> Change {
    return Change(factor * c.turn, factor * c.shift, factor * c.value);
}

/// The step that solves the five linearised equations, and the sum of their squared residuals: the equations are made
/// orthonormal one after the other (Gram–Schmidt), and one that depends on the others adds nothing.
fn newton_step(motion: Motion, matches: Matches) -> Change {
    let tangents = tangents_of(motion.translation);
    let a = equation_of(motion, tangents, matches.a);
    let b = equation_of(motion, tangents, matches.b);
    let c = equation_of(motion, tangents, matches.c);
    let d = equation_of(motion, tangents, matches.d);
    let e = equation_of(motion, tangents, matches.e);
    let p = unit_equation(a);
    let q = unit_equation(without(b, p));
    let r = unit_equation(without(without(c, p), q));
    let s = unit_equation(without(without(without(d, p), q), r));
    let t = unit_equation(without(without(without(without(e, p), q), r), s));
    return Change(
        p.value * p.turn + q.value * q.turn + r.value * r.turn + s.value * s.turn + t.value * t.turn,
        p.value * p.shift + q.value * q.shift + r.value * r.shift + s.value * s.shift + t.value * t.shift,
        a.value * a.value + b.value * b.value + c.value * c.value + d.value * d.value + e.value * e.value,
    );
}

fn equation_of(motion: Motion, tangents: mat2x3<f32>, match_: vec4<f32>) -> Change {
    let x2 = vec3(match_.zw, 1.0);
    let y = motion.rotation * vec3(match_.xy, 1.0);
    let c = cross(y, x2);
    return Change(cross(y, cross(x2, motion.translation)), c * tangents, -dot(motion.translation, c));
}

fn unit_equation(c: Change) -> Change {
    let norm_sq = dot(c.turn, c.turn) + dot(c.shift, c.shift);
    return scaled(c, select(0.0, inverseSqrt(norm_sq), norm_sq > 1e-30));
}

fn without(c: Change, unit: Change) -> Change {
    let along = dot(c.turn, unit.turn) + dot(c.shift, unit.shift);
    return Change(c.turn - along * unit.turn, c.shift - along * unit.shift, c.value - along * unit.value);
}

fn moved(motion: Motion, change: Change) -> Motion {
    let shift = tangents_of(motion.translation) * change.shift;
    return Motion(
        orthonormalized(small_rotation(change.turn) * motion.rotation),
        normalize(motion.translation + shift),
    );
}

/// Two unit vectors orthogonal to the unit vector t and to each other.
fn tangents_of(t: vec3<f32>) -> mat2x3<f32> {
    let b = normalize(cross(t, select(vec3(0.0, 1.0, 0.0), vec3(1.0, 0.0, 0.0), abs(t.x) < 0.7)));
    return mat2x3(b, cross(t, b));
}

/// Turns the motion into that of the four of its E which has all five points in front; false where there is none.
fn face_points(motion: ptr<function, Motion>, matches: Matches) -> bool {
    let twin = twisted(*motion);
    let sides = sides_of_all(*motion, matches);
    let twin_sides = sides_of_all(twin, matches);
    if abs(twin_sides) == 5 {
        *motion = twin;
    }
    if sides == -5 || twin_sides == -5 {
        (*motion).translation = -(*motion).translation;
    }
    return abs(sides) == 5 || abs(twin_sides) == 5;
}

fn sides_of_all(motion: Motion, matches: Matches) -> i32 {
    return side_of(motion, matches.a)
        + side_of(motion, matches.b)
        + side_of(motion, matches.c)
        + side_of(motion, matches.d)
        + side_of(motion, matches.e);
}

/// 1 where a match lies in front of both cameras under the motion, −1 where it does under the motion with −t: with a = R x1,
/// the depths in d2 x2 = d1 a + t have the signs of (a × x2) · (x2 × t) and of (a × x2) · (a × t).
fn side_of(motion: Motion, match_: vec4<f32>) -> i32 {
    let x2 = vec3(match_.zw, 1.0);
    let a = motion.rotation * vec3(match_.xy, 1.0);
    let n = cross(a, x2);
    let depth1 = dot(n, cross(x2, motion.translation));
    let depth2 = dot(n, cross(a, motion.translation));
    return select(0, 1, depth1 > 0.0 && depth2 > 0.0) - select(0, 1, depth1 < 0.0 && depth2 < 0.0);
}
