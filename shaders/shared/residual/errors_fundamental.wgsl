// The errors of shared/residual/errors_epipolar of a 3×3 matrix.

fn make_errors(rows: array<vec4<f32>, 3>, metric: vec4<f32>) -> ErrorModel {
    return ErrorModel(array<vec3<f32>, 3>(rows[0].xyz, rows[1].xyz, rows[2].xyz), metric);
}

// By the model's rows, of that by the matrix.
fn through_model(rows: array<vec4<f32>, 3>, inside: array<vec4<f32>, 3>) -> array<vec4<f32>, 3> {
    return inside;
}
