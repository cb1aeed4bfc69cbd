// Rotations and translations [R exp([ω]×) | t + δt], of absolute poses and rigid transforms. Twin: src/cpu/search/manifold.rs.

const PARAMETERS: u32 = 6u;

struct State {
    rotation: mat3x3<f32>,
    translation: vec3<f32>,
}

/// The motion itself.
alias Model = State;

fn state_of(rows: array<vec4<f32>, 3>) -> State {
    return State(matrix_of(rows), last_column(rows));
}

fn rows_at(state: State) -> array<vec4<f32>, 3> {
    return rows_of(state.rotation, state.translation);
}

fn matrix_at(state: State) -> Model {
    return state;
}

fn map_point(model: Model, match_: Match) -> vec3<f32> {
    return model.rotation * match_.a.xyz + model.translation;
}

fn retract(state: State, delta: array<f32, 8>) -> State {
    let rotation = orthonormalized(state.rotation * small_rotation(vec3<f32>(delta[0], delta[1], delta[2])));
    return State(rotation, state.translation + vec3<f32>(delta[3], delta[4], delta[5]));
}
