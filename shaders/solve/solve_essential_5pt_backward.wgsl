// Gradient of the five-point solver by the implicit function theorem: the motion under the five equations x2ᵀ E x1 = 0, in
// its five coordinates. In: 5 × (x1 y1 x2 y2), [R | t] with |t| = 1. Twin: src/cpu/solve/solve_essential_5pt_backward.rs.

const UNKNOWNS: u32 = 5u;

fn run_hypothesis(hypothesis: u32) {
    let first = 5u * hypothesis;
    let model = model_at(hypothesis);
    let gradient = model_gradient_at(hypothesis);
    let state = state_of(model);
    let basis = tangent_basis(state.translation);

    var v: array<f32, UNKNOWNS>;
    var jacobian: array<array<f32, UNKNOWNS>, UNKNOWNS>;
    for (var k = 0u; k < UNKNOWNS; k++) {
        var direction = rows_of(mat3x3<f32>(), select(basis.b2, basis.b1, k == 3u));
        if k < 3u {
            direction = rows_of(state.rotation * cross_matrix(unit_vector(k)), vec3<f32>());
        }
        v[k] = dot(direction[0], gradient[0]) + dot(direction[1], gradient[1]) + dot(direction[2], gradient[2]);
        let tangent_k = tangent(state, k);
        for (var i = 0u; i < 5u; i++) {
            let m = points[first + i];
            jacobian[i][k] = dot(vec3(m.zw, 1.0), tangent_k * vec3(m.xy, 1.0)) / epipolar_scale(m);
        }
    }
    var lambda = multipliers(&jacobian, v);
    let essential = matrix_at(state);
    for (var i = 0u; i < 5u; i++) {
        let m = points[first + i];
        point_gradients[first + i] = epipolar_gradient(essential, m) * (lambda.values[i] / epipolar_scale(m));
    }
    keep_if_finite(hypothesis, first, 5u, lambda.usable);
}
