// The unit vector that satisfies the epipolar equations of eight matches: the last axis, turned back by the reflections that
// turn the equations into the other axes, then corrected by what the equations of the matches as they came miss with it.

/// A correction as long as this is none: equations that depend on each other leave any.
const LONGEST_CHANGE_SQ: f32 = 1e-2;

fn algebraic_fit(to_units: Hartley, first: u32, count: u32) -> Nine {
    let q0 = reflection(epipolar_row(to_units, first), 0u);
    let q1 = reflection(reflected(epipolar_row(to_units, first + 1u), q0.v), 1u);
    let q2 = reflection(reflected(reflected(epipolar_row(to_units, first + 2u), q0.v), q1.v), 2u);
    let q3 = reflection(reflected(reflected(reflected(epipolar_row(to_units, first + 3u), q0.v), q1.v), q2.v), 3u);
    var x = reflected(reflected(reflected(reflected(epipolar_row(to_units, first + 4u), q0.v), q1.v), q2.v), q3.v);
    let q4 = reflection(x, 4u);
    x = reflected(reflected(reflected(reflected(epipolar_row(to_units, first + 5u), q0.v), q1.v), q2.v), q3.v);
    let q5 = reflection(reflected(x, q4.v), 5u);
    x = reflected(reflected(reflected(reflected(epipolar_row(to_units, first + 6u), q0.v), q1.v), q2.v), q3.v);
    let q6 = reflection(reflected(reflected(x, q4.v), q5.v), 6u);
    let q = SevenReflections(q0, q1, q2, q3, q4, q5, q6);
    let q7 = reflection(turned7(q, epipolar_row(to_units, first + 7u)), 7u);
    let fit = turned_back7(q, reflected(axis9(8u), q7.v));
    let misses = misses_of(to_units, matrix9(fit), first);
    var y = lower_solved7(q, misses.values);
    y.b.w = (misses.values.b.w - inner9(q7.lower, y)) / q7.lower.b.w;
    let change = turned_back7(q, reflected(y, q7.v));
    let length_sq = misses.scale * misses.scale * inner9(change, change);
    if length_sq < LONGEST_CHANGE_SQ {
        return combined9(1.0, fit, -misses.scale, change);
    }
    return fit;
}

/// What the equations of eight matches miss with an F, as multiples of a scale.
struct Misses {
    values: Nine,
    scale: f32,
}

/// Of the matches before they were normalised, which rounds them.
fn misses_of(to_units: Hartley, unit_f: mat3x3<f32>, first: u32) -> Misses {
    let f = transpose(to_unit(to_units.scales.y, to_units.centroids.zw)) * unit_f
        * to_unit(to_units.scales.x, to_units.centroids.xy);
    let scale = sqrt(frobenius(f, f));
    let g = f * (1.0 / scale);
    let coarse = coarse_matrix(g);
    let rest = g - coarse;
    let values = Nine(
        vec4(
            miss_of(coarse, rest, first),
            miss_of(coarse, rest, first + 1u),
            miss_of(coarse, rest, first + 2u),
            miss_of(coarse, rest, first + 3u),
        ),
        vec4(
            miss_of(coarse, rest, first + 4u),
            miss_of(coarse, rest, first + 5u),
            miss_of(coarse, rest, first + 6u),
            miss_of(coarse, rest, first + 7u),
        ),
        0.0,
    );
    return Misses(values, scale);
}

fn miss_of(coarse: mat3x3<f32>, rest: mat3x3<f32>, i: u32) -> f32 {
    let m = match_at(i);
    return epipolar_residual(coarse, m) + dot(vec3(m.zw, 1.0), rest * vec3(m.xy, 1.0));
}
