// Motions of unit translation: R exp([ω]×), and t + τ1 b1 + τ2 b2 scaled to length 1. Twin: src/cpu/search/manifold.rs.

const PARAMETERS: u32 = 5u;

struct State {
    rotation: mat3x3<f32>,
    translation: vec3<f32>,
}

/// The matrix of the residuals: E = [t]× R.
alias Model = mat3x3<f32>;

fn state_of(rows: array<vec4<f32>, 3>) -> State {
    return State(matrix_of(rows), last_column(rows));
}

fn rows_at(state: State) -> array<vec4<f32>, 3> {
    return rows_of(state.rotation, state.translation);
}

fn matrix_at(state: State) -> Model {
    return cross_matrix(state.translation) * state.rotation;
}

struct TangentBasis {
    b1: vec3<f32>,
    b2: vec3<f32>,
}

fn tangent_basis(t: vec3<f32>) -> TangentBasis {
    let axis = select(vec3<f32>(0.0, 1.0, 0.0), vec3<f32>(1.0, 0.0, 0.0), abs(t.x) < 0.7);
    let b1 = normalize(cross(t, axis));
    return TangentBasis(b1, cross(t, b1));
}

fn tangent(state: State, k: u32) -> Model {
    let basis = tangent_basis(state.translation);
    let turns = k < 3u;
    let left = select(select(basis.b2, basis.b1, k == 3u), state.translation, turns);
    let product = cross_matrix(left) * state.rotation;
    if (turns) {
        return product * cross_matrix(unit_vector(k));
    }
    return product;
}

fn retract(state: State, delta: array<f32, 8>) -> State {
    let basis = tangent_basis(state.translation);
    let rotation = orthonormalized(state.rotation * small_rotation(vec3<f32>(delta[0], delta[1], delta[2])));
    return State(rotation, normalize(state.translation + basis.b1 * delta[3] + basis.b2 * delta[4]));
}
