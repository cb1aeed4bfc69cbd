// Matrices U diag(cos θ, sin θ, 0) Vᵀ of rank 2 and norm 1 (Bartoli and Sturm, PAMI 2004): rotations of U and V, and θ.
// Twin: src/cpu/search/manifold.rs.

const PARAMETERS: u32 = 7u;

struct State {
    u: mat3x3<f32>,
    v: mat3x3<f32>,
    sigma: vec2<f32>, // (cos θ, sin θ)
}

/// The matrix of the residuals: F.
alias Model = mat3x3<f32>;

// The longest cross product of two of three vectors: the direction orthogonal to all, as they span a plane.
fn common_normal(a: vec3<f32>, b: vec3<f32>, c: vec3<f32>) -> vec3<f32> {
    let ab = cross(a, b);
    let bc = cross(b, c);
    let ca = cross(c, a);
    var longest = select(bc, ab, dot(ab, ab) > dot(bc, bc));
    longest = select(ca, longest, dot(longest, longest) > dot(ca, ca));
    return normalize(longest);
}

// A right-handed frame whose last column is the unit vector n.
fn frame_of(n: vec3<f32>) -> mat3x3<f32> {
    let axis = select(vec3<f32>(0.0, 1.0, 0.0), vec3<f32>(1.0, 0.0, 0.0), abs(n.x) < 0.7);
    let x = normalize(cross(n, axis));
    return mat3x3<f32>(x, cross(n, x), n);
}

fn turn_z(angle: f32) -> mat3x3<f32> {
    let c = cos(angle);
    let s = sin(angle);
    return mat3x3<f32>(c, s, 0.0, -s, c, 0.0, 0.0, 0.0, 1.0);
}

// In frames at the two null vectors a 2×2 block is left, whose singular value decomposition is in closed form.
fn state_of(rows: array<vec4<f32>, 3>) -> State {
    let f = matrix_of(rows);
    let ft = transpose(f);
    let u = frame_of(common_normal(f[0], f[1], f[2]));
    let v = frame_of(common_normal(ft[0], ft[1], ft[2]));
    let block = transpose(u) * f * v;
    let a = block[0].x;
    let b = block[1].x;
    let c = block[0].y;
    let d = block[1].y;
    let sum = vec2<f32>(a + d, c - b);
    let difference = vec2<f32>(a - d, c + b);
    let angle_sum = atan2(sum.y, sum.x);
    let angle_difference = atan2(difference.y, difference.x);
    let sigma = vec2<f32>(length(sum) + length(difference), length(sum) - length(difference));
    return State(
        u * turn_z(0.5 * (angle_sum + angle_difference)),
        v * turn_z(0.5 * (angle_difference - angle_sum)),
        normalize(sigma),
    );
}

fn rows_at(state: State) -> array<vec4<f32>, 3> {
    return rows_of(matrix_at(state), vec3<f32>());
}

fn matrix_at(state: State) -> Model {
    return mat3x3<f32>(state.u[0] * state.sigma.x, state.u[1] * state.sigma.y, vec3<f32>()) * transpose(state.v);
}

fn tangent(state: State, k: u32) -> Model {
    let sigma = mat3x3<f32>(state.sigma.x, 0.0, 0.0, 0.0, state.sigma.y, 0.0, 0.0, 0.0, 0.0);
    let turn = cross_matrix(unit_vector(k % 3u));
    var middle = mat3x3<f32>(-state.sigma.y, 0.0, 0.0, 0.0, state.sigma.x, 0.0, 0.0, 0.0, 0.0);
    if (k < 3u) {
        middle = turn * sigma;
    } else if (k < 6u) {
        middle = sigma * transpose(turn);
    }
    return state.u * middle * transpose(state.v);
}

fn retract(state: State, delta: array<f32, 8>) -> State {
    let u = state.u * small_rotation(vec3<f32>(delta[0], delta[1], delta[2]));
    let v = state.v * small_rotation(vec3<f32>(delta[3], delta[4], delta[5]));
    let c = cos(delta[6]);
    let s = sin(delta[6]);
    let sigma = vec2<f32>(state.sigma.x * c - state.sigma.y * s, state.sigma.x * s + state.sigma.y * c);
    return State(orthonormalized(u), orthonormalized(v), normalize(sigma));
}
