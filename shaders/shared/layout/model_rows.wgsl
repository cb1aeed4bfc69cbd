// Model rows as matrices, and matrices [v]×.

fn cross_matrix(v: vec3<f32>) -> mat3x3<f32> {
    return mat3x3<f32>(0.0, v.z, -v.y, -v.z, 0.0, v.x, v.y, -v.x, 0.0);
}

fn unit_vector(axis: u32) -> vec3<f32> {
    return vec3<f32>(vec3<u32>(0u, 1u, 2u) == vec3<u32>(axis));
}

// A model's rows [M | w] and its columns.
fn matrix_of(rows: array<vec4<f32>, 3>) -> mat3x3<f32> {
    return transpose(mat3x3<f32>(rows[0].xyz, rows[1].xyz, rows[2].xyz));
}

fn last_column(rows: array<vec4<f32>, 3>) -> vec3<f32> {
    return vec3<f32>(rows[0].w, rows[1].w, rows[2].w);
}

fn rows_of(matrix: mat3x3<f32>, w: vec3<f32>) -> array<vec4<f32>, 3> {
    let t = transpose(matrix);
    return array<vec4<f32>, 3>(vec4<f32>(t[0], w.x), vec4<f32>(t[1], w.y), vec4<f32>(t[2], w.z));
}
