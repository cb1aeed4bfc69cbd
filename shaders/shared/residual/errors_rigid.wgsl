// The squared distance of the transformed point to the other one; both errors of a match are this. Twin:
// src/cpu/train/match_losses.rs.

struct ErrorModel {
    rows: array<vec4<f32>, 3>,
    inverse_metric: f32,
}

fn make_errors(rows: array<vec4<f32>, 3>, metric: vec4<f32>) -> ErrorModel {
    return ErrorModel(rows, 1.0 / metric.z);
}

fn difference(m: ErrorModel, match_: Match) -> vec3<f32> {
    let x = vec4<f32>(match_.a.xyz, 1.0);
    return (vec3<f32>(dot(m.rows[0], x), dot(m.rows[1], x), dot(m.rows[2], x)) - match_.b.xyz) * m.inverse_metric;
}

fn match_errors(m: ErrorModel, match_: Match) -> vec2<f32> {
    let d = difference(m, match_);
    return vec2<f32>(dot(d, d));
}

fn error_gradient(m: ErrorModel, match_: Match, weights: vec2<f32>) -> ErrorGradient {
    let by_second = 2.0 * (weights.x + weights.y) * m.inverse_metric * difference(m, match_);
    var gradient = ErrorGradient();
    for (var i = 0u; i < 3u; i++) {
        gradient.rows[i] = by_second[i] * vec4<f32>(match_.a.xyz, 1.0);
        gradient.a += by_second[i] * vec4<f32>(m.rows[i].xyz, 0.0);
    }
    gradient.b = vec4<f32>(-by_second, 0.0);
    return gradient;
}

fn through_model(rows: array<vec4<f32>, 3>, inside: array<vec4<f32>, 3>) -> array<vec4<f32>, 3> {
    return inside;
}
