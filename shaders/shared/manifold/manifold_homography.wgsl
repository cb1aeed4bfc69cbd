// Homographies H (I + Σ δ_k G_k) of norm 1, G_k the eight generators of zero trace. Twin: src/cpu/search/manifold.rs.

const PARAMETERS: u32 = 8u;

struct State {
    h: mat3x3<f32>,
}

/// The matrix of the residuals: H.
alias Model = mat3x3<f32>;

fn state_of(rows: array<vec4<f32>, 3>) -> State {
    return State(matrix_of(rows));
}

fn rows_at(state: State) -> array<vec4<f32>, 3> {
    return rows_of(state.h, vec3<f32>());
}

fn matrix_at(state: State) -> Model {
    return state.h;
}

fn generator(k: u32) -> mat3x3<f32> {
    var g = mat3x3<f32>();
    switch k {
        case 0u: { g[1].x = 1.0; }
        case 1u: { g[2].x = 1.0; }
        case 2u: { g[0].y = 1.0; }
        case 3u: { g[2].y = 1.0; }
        case 4u: { g[0].z = 1.0; }
        case 5u: { g[1].z = 1.0; }
        case 6u: { g[0].x = 1.0; g[1].y = -1.0; }
        default: { g[1].y = 1.0; g[2].z = -1.0; }
    }
    return g;
}

fn tangent(state: State, k: u32) -> Model {
    return state.h * generator(k);
}

fn retract(state: State, delta: array<f32, 8>) -> State {
    let step = mat3x3<f32>(
        delta[6], delta[2], delta[4],
        delta[0], delta[7] - delta[6], delta[5],
        delta[1], delta[3], -delta[7],
    );
    let moved = state.h + state.h * step;
    let norm_sq = dot(moved[0], moved[0]) + dot(moved[1], moved[1]) + dot(moved[2], moved[2]);
    return State(moved * inverseSqrt(norm_sq));
}
