// The loss Σ ½ |r|² of matches under a motion, with its gradient and Hessian by a turn ω about a centre and a shift τ. Twin:
// src/cpu/train/pose_system.rs, with the formulas. UNKNOWNS is 6.

// Where a motion turns, in xyz before the motion, and how far it shifts in a unit of its coordinates.
alias Frame = vec4<f32>;

// F_ωω and F_ωτ = [y − c]× A and A as columns; in the fourth entries F_ω, F_τ, and F in both that are left.
alias Sums = array<vec4<f32>, 9>;

fn add_match(sums: ptr<function, Sums>, motion: Motion, frame: Frame, match_: Match, metric: vec4<f32>, whole: f32) {
    let y = motion.rotation * (match_.a.xyz - frame.xyz);
    let terms = point_terms(y + motion.rotation * frame.xyz + motion.translation, match_.b.xyz, metric, whole);
    let s = terms.slope;
    let cross_y = cross_matrix(y);
    let mixed = cross_y * terms.curvature;
    let along = whole * dot(s, y);
    let turns = mixed * transpose(cross_y) + 0.5 * whole * (outer(y, s) + outer(s, y));
    let turn = cross(y, s);
    (*sums)[0] += vec4<f32>(turns[0] - vec3<f32>(along, 0.0, 0.0), turn.x);
    (*sums)[1] += vec4<f32>(turns[1] - vec3<f32>(0.0, along, 0.0), turn.y);
    (*sums)[2] += vec4<f32>(turns[2] - vec3<f32>(0.0, 0.0, along), turn.z);
    (*sums)[3] += vec4<f32>(mixed[0], s.x);
    (*sums)[4] += vec4<f32>(mixed[1], s.y);
    (*sums)[5] += vec4<f32>(mixed[2], s.z);
    (*sums)[6] += vec4<f32>(terms.curvature[0], terms.loss);
    (*sums)[7] += vec4<f32>(terms.curvature[1], 0.0);
    (*sums)[8] += vec4<f32>(terms.curvature[2], 0.0);
}

fn loss_of(sums: Sums) -> f32 {
    return sums[6].w;
}

// The Hessian, shifts in units of the spread.
fn hessian_of(sums: Sums, spread: f32) -> array<array<f32, UNKNOWNS>, UNKNOWNS> {
    var h: array<array<f32, UNKNOWNS>, UNKNOWNS>;
    for (var i = 0u; i < 3u; i++) {
        for (var k = 0u; k < 3u; k++) {
            h[i][k] = sums[k][i];
            h[i][k + 3u] = spread * sums[k + 3u][i];
            h[k + 3u][i] = spread * sums[k + 3u][i];
            h[i + 3u][k + 3u] = spread * spread * sums[k + 6u][i];
        }
    }
    return h;
}

fn gradient_of(sums: Sums, spread: f32) -> array<f32, UNKNOWNS> {
    return array<f32, UNKNOWNS>(sums[0].w, sums[1].w, sums[2].w, spread * sums[3].w, spread * sums[4].w, spread * sums[5].w);
}

struct Step {
    values: array<f32, UNKNOWNS>,
    found: bool,
}

// −(H + damping) ⁻¹ gradient by Cholesky's decomposition; not found where that is not positive definite.
fn step_of(sums: Sums, spread: f32, damping: f32) -> Step {
    var l = hessian_of(sums, spread);
    let gradient = gradient_of(sums, spread);
    var x: array<f32, UNKNOWNS>;
    for (var j = 0u; j < UNKNOWNS; j++) {
        l[j][j] *= 1.0 + damping;
    }
    for (var j = 0u; j < UNKNOWNS; j++) {
        // written so that NaN fails it too
        if (!(l[j][j] > 0.0)) {
            return Step(x, false);
        }
        let inverse = inverseSqrt(l[j][j]);
        for (var i = j; i < UNKNOWNS; i++) {
            l[i][j] *= inverse;
        }
        for (var i = j + 1u; i < UNKNOWNS; i++) {
            for (var k = j + 1u; k <= i; k++) {
                l[i][k] -= l[i][j] * l[k][j];
            }
        }
    }
    for (var i = 0u; i < UNKNOWNS; i++) {
        var sum = -gradient[i];
        for (var k = 0u; k < i; k++) {
            sum -= l[i][k] * x[k];
        }
        x[i] = sum / l[i][i];
    }
    for (var r = UNKNOWNS; r > 0u; r--) {
        let i = r - 1u;
        for (var k = r; k < UNKNOWNS; k++) {
            x[i] -= l[k][i] * x[k];
        }
        x[i] /= l[i][i];
    }
    return Step(x, true);
}

fn moved(motion: Motion, frame: Frame, step: array<f32, UNKNOWNS>) -> Motion {
    let turn = small_rotation(vec3<f32>(step[0], step[1], step[2]));
    let turned = motion.rotation * frame.xyz;
    let shift = frame.w * vec3<f32>(step[3], step[4], step[5]);
    let rotation = orthonormalized(turn * motion.rotation);
    // the centre goes where it went, but for the shift
    return Motion(rotation, motion.translation + turned + shift - rotation * frame.xyz);
}

fn size_sq(step: array<f32, UNKNOWNS>) -> f32 {
    var sum = 0.0;
    for (var k = 0u; k < UNKNOWNS; k++) {
        sum += step[k] * step[k];
    }
    return sum;
}
