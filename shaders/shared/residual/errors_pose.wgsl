// The squared reprojection error of a pose; both errors of a match are this. Twin: src/cpu/train/match_losses.rs.

struct ErrorModel {
    rows: array<vec4<f32>, 3>,
    inverse_metric: vec2<f32>,
}

fn make_errors(rows: array<vec4<f32>, 3>, metric: vec4<f32>) -> ErrorModel {
    return ErrorModel(rows, 1.0 / metric.zw);
}

fn reprojection_error(m: ErrorModel, match_: Match) -> ImageError {
    let world = vec4<f32>(match_.a.xyz, 1.0);
    let camera = vec3<f32>(dot(m.rows[0], world), dot(m.rows[1], world), dot(m.rows[2], world));
    return image_error(camera, match_.b.xy, m.inverse_metric);
}

fn match_errors(m: ErrorModel, match_: Match) -> vec2<f32> {
    return vec2<f32>(reprojection_error(m, match_).value);
}

fn error_gradient(m: ErrorModel, match_: Match, weights: vec2<f32>) -> ErrorGradient {
    let scale = weights.x + weights.y;
    let error = reprojection_error(m, match_);
    let by_camera = scale * error.by_point;
    let world = vec4<f32>(match_.a.xyz, 1.0);
    var gradient = ErrorGradient();
    for (var i = 0u; i < 3u; i++) {
        gradient.rows[i] = by_camera[i] * world;
        gradient.a += by_camera[i] * vec4<f32>(m.rows[i].xyz, 0.0);
    }
    gradient.b = vec4<f32>(scale * error.by_image, 0.0, 0.0);
    return gradient;
}

fn through_model(rows: array<vec4<f32>, 3>, inside: array<vec4<f32>, 3>) -> array<vec4<f32>, 3> {
    return inside;
}
