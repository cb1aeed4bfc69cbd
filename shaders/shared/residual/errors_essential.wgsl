// The errors of shared/residual/errors_epipolar of the essential matrix of a motion [R | t]: E's rows are t_j R_k − t_k R_j.

fn make_errors(rows: array<vec4<f32>, 3>, metric: vec4<f32>) -> ErrorModel {
    var essential: array<vec3<f32>, 3>;
    for (var i = 0u; i < 3u; i++) {
        let j = (i + 1u) % 3u;
        let k = (i + 2u) % 3u;
        essential[i] = rows[j].w * rows[k].xyz - rows[k].w * rows[j].xyz;
    }
    return ErrorModel(essential, metric);
}

// By the motion, of that by E.
fn through_model(rows: array<vec4<f32>, 3>, inside: array<vec4<f32>, 3>) -> array<vec4<f32>, 3> {
    var gradient = array<vec4<f32>, 3>();
    for (var i = 0u; i < 3u; i++) {
        let j = (i + 1u) % 3u;
        let k = (i + 2u) % 3u;
        let g = inside[i].xyz;
        gradient[k] += vec4<f32>(rows[j].w * g, -dot(rows[j].xyz, g));
        gradient[j] += vec4<f32>(-rows[k].w * g, dot(rows[k].xyz, g));
    }
    return gradient;
}
