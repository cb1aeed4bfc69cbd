// The mean of the squared transfer errors of a match by H and back by its inverse; both errors of a match are this. Twin:
// src/cpu/train/match_losses.rs.

struct ErrorModel {
    rows: array<vec3<f32>, 3>,
    // rows of the cofactors; their transpose, times the sign of det H, maps back
    cofactors: array<vec3<f32>, 3>,
    sign_: f32,
    inverse_metric: vec4<f32>,
}

fn make_errors(rows: array<vec4<f32>, 3>, metric: vec4<f32>) -> ErrorModel {
    let a = rows[0].xyz;
    let b = rows[1].xyz;
    let c = rows[2].xyz;
    let cofactors = array<vec3<f32>, 3>(cross(b, c), cross(c, a), cross(a, b));
    let sign_ = select(-1.0, 1.0, dot(a, cofactors[0]) >= 0.0);
    return ErrorModel(array<vec3<f32>, 3>(a, b, c), cofactors, sign_, 1.0 / metric);
}

struct TransferErrors {
    there: ImageError,
    back: ImageError,
}

fn transfer_errors(m: ErrorModel, x: vec4<f32>) -> TransferErrors {
    let h1 = vec3<f32>(x.xy, 1.0);
    let there = vec3<f32>(dot(m.rows[0], h1), dot(m.rows[1], h1), dot(m.rows[2], h1));
    let back = m.sign_ * (m.cofactors[0] * x.z + m.cofactors[1] * x.w + m.cofactors[2]);
    return TransferErrors(
        image_error(there, x.zw, m.inverse_metric.zw),
        image_error(back, x.xy, m.inverse_metric.xy),
    );
}

fn match_errors(m: ErrorModel, match_: Match) -> vec2<f32> {
    let errors = transfer_errors(m, match_.a);
    return vec2<f32>(0.5 * (errors.there.value + errors.back.value));
}

fn error_gradient(m: ErrorModel, match_: Match, weights: vec2<f32>) -> ErrorGradient {
    let x = match_.a;
    let errors = transfer_errors(m, x);
    let scale = 0.5 * (weights.x + weights.y);
    let by_there = scale * errors.there.by_point;
    let by_back = scale * m.sign_ * errors.back.by_point;
    let h1 = vec3<f32>(x.xy, 1.0);
    let h2 = vec3<f32>(x.zw, 1.0);
    var gradient = ErrorGradient();
    for (var i = 0u; i < 3u; i++) {
        let j = (i + 1u) % 3u;
        let k = (i + 2u) % 3u;
        // each row of the cofactors is the cross product of the other two of H
        let through = cross(m.rows[j], h2[k] * by_back) + cross(h2[j] * by_back, m.rows[k]);
        gradient.rows[i] = vec4<f32>(by_there[i] * h1 + through, 0.0);
    }
    let to_first = m.rows[0] * by_there.x + m.rows[1] * by_there.y + m.rows[2] * by_there.z;
    let to_second = vec2<f32>(dot(m.cofactors[0], by_back), dot(m.cofactors[1], by_back));
    gradient.a = vec4<f32>(to_first.xy + scale * errors.back.by_image, to_second + scale * errors.there.by_image);
    return gradient;
}

fn through_model(rows: array<vec4<f32>, 3>, inside: array<vec4<f32>, 3>) -> array<vec4<f32>, 3> {
    return inside;
}
