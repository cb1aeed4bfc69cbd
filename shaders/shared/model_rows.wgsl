// Model rows as matrices, matrices [v]×, and rotations of the refinement.

fn cross_matrix(v: vec3<f32>) -> mat3x3<f32> {
    return mat3x3<f32>(0.0, v.z, -v.y, -v.z, 0.0, v.x, v.y, -v.x, 0.0);
}

fn unit_vector(axis: u32) -> vec3<f32> {
    return vec3<f32>(vec3<u32>(0u, 1u, 2u) == vec3<u32>(axis));
}

// exp([w]×), by Rodrigues' formula.
fn rotation_of(w: vec3<f32>) -> mat3x3<f32> {
    let angle_sq = dot(w, w);
    let angle = sqrt(angle_sq);
    var a = 1.0 - angle_sq / 6.0;
    var b = 0.5 - angle_sq / 24.0;
    if (angle_sq > 1e-4) {
        a = sin(angle) / angle;
        b = (1.0 - cos(angle)) / angle_sq;
    }
    let k = cross_matrix(w);
    return mat3x3<f32>(1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0) + k * a + (k * k) * b;
}

// The nearest rotation but for second-order terms in how far the matrix is from one.
fn orthonormal(m: mat3x3<f32>) -> mat3x3<f32> {
    let x = normalize(m[0]);
    let z = normalize(cross(x, m[1]));
    return mat3x3<f32>(x, cross(z, x), z);
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
