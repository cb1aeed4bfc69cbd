// Motions of unit translation: R exp([ω]×), and t + τ1 b1 + τ2 b2 scaled to length 1. Twin: src/cpu/search/manifold.rs.

const PARAMETERS: u32 = 5u;

struct TangentBasis {
    b1: vec3<f32>,
    b2: vec3<f32>,
}

fn tangent_basis(t: vec3<f32>) -> TangentBasis {
    let axis = select(vec3<f32>(0.0, 1.0, 0.0), vec3<f32>(1.0, 0.0, 0.0), abs(t.x) < 0.7);
    let b1 = normalize(cross(t, axis));
    return TangentBasis(b1, cross(t, b1));
}

fn model_matrix(rows: array<vec4<f32>, 3>) -> array<vec4<f32>, 3> {
    return rows_of(cross_matrix(last_column(rows)) * matrix_of(rows), vec3<f32>());
}

fn tangent(rows: array<vec4<f32>, 3>, k: u32) -> array<vec4<f32>, 3> {
    let rotation = matrix_of(rows);
    let t = last_column(rows);
    if (k < 3u) {
        return rows_of(cross_matrix(t) * rotation * cross_matrix(unit_vector(k)), vec3<f32>());
    }
    let basis = tangent_basis(t);
    return rows_of(cross_matrix(select(basis.b2, basis.b1, k == 3u)) * rotation, vec3<f32>());
}

fn retract(rows: array<vec4<f32>, 3>, delta: array<f32, 8>) -> array<vec4<f32>, 3> {
    let t = last_column(rows);
    let basis = tangent_basis(t);
    let rotation = orthonormalized(matrix_of(rows) * small_rotation(vec3<f32>(delta[0], delta[1], delta[2])));
    return rows_of(rotation, normalize(t + basis.b1 * delta[3] + basis.b2 * delta[4]));
}
