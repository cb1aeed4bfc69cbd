// The motion of an essential matrix, and Newton steps on the epipolar equations of five matches in the five coordinates of
// the motion. Motions are camera2_from_camera1 with a translation of length 1. Declares UNKNOWNS for solve_linear.

const UNKNOWNS: u32 = 5u;

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

/// Newton's method on the residuals x2 · (t × R x1) = t · (R x1 × x2) of the matches (x1 y1 x2 y2), with the unknowns
/// (ω, τ1, τ2): R ← exp([ω]×) R, t ← t + τ1 b1 + τ2 b2. Steps that make it worse are taken back and shortened. Returns
/// the sum of the squared residuals left.
fn polish_motion(motion: ptr<function, Motion>, matches: ptr<function, array<vec4<f32>, 5>>) -> f32 {
    var next = *motion;
    var best = 1e30;
    var delta = array<f32, UNKNOWNS>();
    var share = 1.0;
    for (var step = 0u; step < NEWTON_STEPS; step++) {
        var rows: array<array<f32, 6>, 5>;
        let sum = newton_rows(next, matches, &rows);
        if sum < best {
            *motion = next;
            best = sum;
            if best < CONVERGED {
                break;
            }
            delta = solve_linear(&rows);
            var norm_sq = 0.0;
            for (var k = 0u; k < UNKNOWNS; k++) {
                norm_sq += delta[k] * delta[k];
            }
            // A step longer than half a radian comes from a nearly singular system.
            share = min(1.0, 0.5 * inverseSqrt(norm_sq + 1e-30));
        } else {
            share *= 0.3;
        }
        next = moved(*motion, delta, share);
    }
    return best;
}

const NEWTON_STEPS: u32 = 12u;
/// Squared residuals of rounding alone.
const CONVERGED: f32 = 1e-13;

/// The rows [J | −r] of the five equations; returns the sum of the squared residuals r.
fn newton_rows(
    motion: Motion,
    matches: ptr<function, array<vec4<f32>, 5>>,
    rows: ptr<function, array<array<f32, 6>, 5>>,
) -> f32 {
    let t = motion.translation;
    let tangents = tangents_of(t);
    var sum = 0.0;
    for (var i = 0u; i < 5u; i++) {
        let x2 = vec3((*matches)[i].zw, 1.0);
        let y = motion.rotation * vec3((*matches)[i].xy, 1.0);
        let c = cross(y, x2);
        let turn = cross(y, cross(x2, t));
        let residual = dot(t, c);
        sum += residual * residual;
        (*rows)[i] = array(turn.x, turn.y, turn.z, dot(tangents[0], c), dot(tangents[1], c), -residual);
    }
    return sum;
}

fn moved(motion: Motion, delta: array<f32, UNKNOWNS>, share: f32) -> Motion {
    let tangents = tangents_of(motion.translation);
    let omega = share * vec3(delta[0], delta[1], delta[2]);
    let shift = share * (delta[3] * tangents[0] + delta[4] * tangents[1]);
    return Motion(
        orthonormalized(small_rotation(omega) * motion.rotation),
        normalize(motion.translation + shift),
    );
}

/// Two unit vectors orthogonal to the unit vector t and to each other.
fn tangents_of(t: vec3<f32>) -> array<vec3<f32>, 2> {
    let b = normalize(cross(t, select(vec3(0.0, 1.0, 0.0), vec3(1.0, 0.0, 0.0), abs(t.x) < 0.7)));
    return array(b, cross(t, b));
}

/// How many of the five matches lie in front of both cameras under the motion, and under the motion with −t: with
/// a = R x1, the depths in d2 x2 = d1 a + t have the signs of (a × x2) · (x2 × t) and of (a × x2) · (a × t).
fn in_front(motion: Motion, matches: ptr<function, array<vec4<f32>, 5>>) -> vec2<u32> {
    var count = vec2(0u);
    for (var i = 0u; i < 5u; i++) {
        let x2 = vec3((*matches)[i].zw, 1.0);
        let a = motion.rotation * vec3((*matches)[i].xy, 1.0);
        let n = cross(a, x2);
        let depth1 = dot(n, cross(x2, motion.translation));
        let depth2 = dot(n, cross(a, motion.translation));
        count += select(vec2(0u), vec2(1u), vec2(depth1 > 0.0 && depth2 > 0.0, depth1 < 0.0 && depth2 < 0.0));
    }
    return count;
}
