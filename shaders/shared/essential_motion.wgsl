// The motion of an essential matrix, and Newton steps on the epipolar equations of five matches in the five coordinates of
// the motion. Motions are camera2_from_camera1 with a translation of length 1. Declares UNKNOWNS for solve_linear.

const UNKNOWNS: u32 = 5u;

/// One of the four motions of E (Horn, "Recovering baseline and orientation from essential matrix", 1990): with |t| = 1,
/// R = cof(E) − [t]× E. Near enough for Newton's method where E is only nearly essential.
fn motion_of_essential(essential: mat3x3<f32>) -> Motion {
    let norm_sq =
        dot(essential[0], essential[0]) + dot(essential[1], essential[1]) + dot(essential[2], essential[2]);
    let e = essential * sqrt(2.0 / norm_sq);
    let cofactors = mat3x3(cross(e[1], e[2]), cross(e[2], e[0]), cross(e[0], e[1]));
    // The columns of cof(E) = t tᵀ R are all multiples of t.
    let lengths = vec3(length(cofactors[0]), length(cofactors[1]), length(cofactors[2]));
    var t = cofactors[0];
    if lengths.y > lengths.x && lengths.y >= lengths.z {
        t = cofactors[1];
    } else if lengths.z > lengths.x {
        t = cofactors[2];
    }
    t = normalize(t);
    let rotation = mat3x3(
        cofactors[0] - cross(t, e[0]),
        cofactors[1] - cross(t, e[1]),
        cofactors[2] - cross(t, e[2]),
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
/// (ω, τ1, τ2): R ← exp([ω]×) R, t ← t + τ1 b1 + τ2 b2. Returns the largest residual left.
fn polish_motion(motion: ptr<function, Motion>, matches: ptr<function, array<vec4<f32>, 5>>) -> f32 {
    var worst = 0.0;
    for (var step = 0u; step < 12u; step++) {
        let rotation = (*motion).rotation;
        let t = (*motion).translation;
        let b1 = normalize(cross(t, select(vec3(0.0, 1.0, 0.0), vec3(1.0, 0.0, 0.0), abs(t.x) < 0.7)));
        let b2 = cross(t, b1);
        var rows: array<array<f32, 6>, 5>;
        worst = 0.0;
        for (var i = 0u; i < 5u; i++) {
            let x2 = vec3((*matches)[i].zw, 1.0);
            let y = rotation * vec3((*matches)[i].xy, 1.0);
            let c = cross(y, x2);
            let turn = cross(y, cross(x2, t));
            let residual = dot(t, c);
            worst = max(worst, abs(residual));
            rows[i] = array(turn.x, turn.y, turn.z, dot(b1, c), dot(b2, c), -residual);
        }
        if worst < 2e-7 {
            break;
        }
        let delta = solve_linear(&rows);
        var omega = vec3(delta[0], delta[1], delta[2]);
        var tau = vec2(delta[3], delta[4]);
        // A step longer than half a radian comes from a nearly singular system.
        let shorten = min(1.0, 0.5 / sqrt(dot(omega, omega) + dot(tau, tau)));
        omega *= shorten;
        tau *= shorten;
        (*motion).rotation = orthonormalized(small_rotation(omega) * rotation);
        (*motion).translation = normalize(t + tau.x * b1 + tau.y * b2);
    }
    return worst;
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
