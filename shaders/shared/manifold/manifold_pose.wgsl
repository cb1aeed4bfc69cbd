// Rotations and translations [R exp([ω]×) | t + δt], of absolute poses and rigid transforms. Twin: src/cpu/search/manifold.rs.

const PARAMETERS: u32 = 6u;

fn model_matrix(rows: array<vec4<f32>, 3>) -> array<vec4<f32>, 3> {
    return rows;
}

fn tangent(rows: array<vec4<f32>, 3>, k: u32) -> array<vec4<f32>, 3> {
    if (k < 3u) {
        return rows_of(matrix_of(rows) * cross_matrix(unit_vector(k)), vec3<f32>());
    }
    return rows_of(mat3x3<f32>(), unit_vector(k - 3u));
}

fn retract(rows: array<vec4<f32>, 3>, delta: array<f32, 8>) -> array<vec4<f32>, 3> {
    let rotation = orthonormalized(matrix_of(rows) * small_rotation(vec3<f32>(delta[0], delta[1], delta[2])));
    return rows_of(rotation, last_column(rows) + vec3<f32>(delta[3], delta[4], delta[5]));
}
