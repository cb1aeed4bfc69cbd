// Gradient of the seven-point solver by the implicit function theorem: the nine entries of F under the seven equations
// x2ᵀ F x1 = 0, det F = 0 and |F| = 1. In: 7 × (x1 y1 x2 y2), F of norm 1. Twin: src/cpu/solve/solve_fundamental_7pt_backward.rs.

const UNKNOWNS: u32 = 9u;

fn run_hypothesis(hypothesis: u32) {
    let first = 7u * hypothesis;
    let model = model_at(hypothesis);
    let f = matrix_of(model);
    var jacobian: array<array<f32, UNKNOWNS>, UNKNOWNS>;
    for (var i = 0u; i < 7u; i++) {
        let m = points[first + i];
        let x1 = vec3(m.xy, 1.0) / epipolar_scale(m);
        jacobian[i] = entries(m.z * x1, m.w * x1, x1);
    }
    // ∂det F/∂F, the cofactors, by rows.
    var cofactors = array(cross(model[1].xyz, model[2].xyz), cross(model[2].xyz, model[0].xyz), cross(model[0].xyz, model[1].xyz));
    let scale = inverseSqrt(dot(cofactors[0], cofactors[0]) + dot(cofactors[1], cofactors[1]) + dot(cofactors[2], cofactors[2]));
    jacobian[7] = entries(scale * cofactors[0], scale * cofactors[1], scale * cofactors[2]);
    jacobian[8] = entries(model[0].xyz, model[1].xyz, model[2].xyz);
    let gradient = model_gradient_at(hypothesis);
    var lambda = multipliers(&jacobian, entries(gradient[0].xyz, gradient[1].xyz, gradient[2].xyz));
    for (var i = 0u; i < 7u; i++) {
        let m = points[first + i];
        point_gradients[first + i] = epipolar_gradient(f, m) * (lambda.values[i] / epipolar_scale(m));
    }
    keep_if_finite(hypothesis, first, 7u, lambda.usable);
}
