// Gradient of the four-point solver by the implicit function theorem: the nine entries of H under the eight equations
// (h₁ − x2 h₃)·x1 = 0 and (h₂ − y2 h₃)·x1 = 0 with h₁, h₂, h₃ the rows of H, and |H| = 1. In: 4 × (x1 y1 x2 y2), H of norm
// 1. Twin: src/cpu/solve/solve_homography_4pt_backward.rs.

const UNKNOWNS: u32 = 9u;

fn run_hypothesis(hypothesis: u32) {
    let first = 4u * hypothesis;
    let model = model_at(hypothesis);
    var jacobian: array<array<f32, UNKNOWNS>, UNKNOWNS>;
    for (var i = 0u; i < 4u; i++) {
        let m = points[first + i];
        let x1 = vec3(m.xy, 1.0) / epipolar_scale(m);
        jacobian[2u * i] = entries(x1, vec3(0.0), -m.z * x1);
        jacobian[2u * i + 1u] = entries(vec3(0.0), x1, -m.w * x1);
    }
    jacobian[8] = entries(model[0].xyz, model[1].xyz, model[2].xyz);
    let gradient = model_gradient_at(hypothesis);
    var lambda = multipliers(&jacobian, entries(gradient[0].xyz, gradient[1].xyz, gradient[2].xyz));
    for (var i = 0u; i < 4u; i++) {
        let m = points[first + i];
        let by_equation = vec2(lambda.values[2u * i], lambda.values[2u * i + 1u]) / epipolar_scale(m);
        let slope1 = by_equation.x * (model[0].xy - m.z * model[2].xy) + by_equation.y * (model[1].xy - m.w * model[2].xy);
        let depth = dot(model[2].xyz, vec3(m.xy, 1.0));
        point_gradients[first + i] = vec4(slope1, -depth * by_equation);
    }
    keep_if_finite(hypothesis, first, 4u, lambda.usable);
}
