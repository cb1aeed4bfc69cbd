// Gradient of the three-point pose solver by the implicit function theorem: the pose under the six equations
// (y₁ − u y₃)/y₃ = 0 and (y₂ − v y₃)/y₃ = 0 of each point, with y = R X + t. In: 3 × (world xyz0, image uv00), [R | t]. Twin:
// src/cpu/solve/solve_pose_p3p_backward.rs.

const UNKNOWNS: u32 = 6u;

fn run_hypothesis(hypothesis: u32) {
    let first = 6u * hypothesis;
    let model = model_at(hypothesis);
    let gradient = model_gradient_at(hypothesis);
    let rotation = matrix_of(model);
    let translation = last_column(model);
    let by_translation = last_column(gradient);
    // The pose turns about the centre of the points and shifts in units of their spread, so that J has no unit.
    var from_centre: array<vec3<f32>, 3>;
    var world_centre = vec3(0.0);
    for (var i = 0u; i < 3u; i++) {
        world_centre += points[first + 2u * i].xyz / 3.0;
    }
    let turned_centre = rotation * world_centre;
    var spread_sq = 0.0;
    for (var i = 0u; i < 3u; i++) {
        from_centre[i] = rotation * (points[first + 2u * i].xyz - world_centre);
        spread_sq += dot(from_centre[i], from_centre[i]);
    }
    let spread = sqrt(spread_sq);
    let turn = turn_gradient(rotation, matrix_of(gradient)) - cross(turned_centre, by_translation);
    let shift = by_translation * spread;

    var jacobian: array<array<f32, UNKNOWNS>, UNKNOWNS>;
    for (var k = 0u; k < UNKNOWNS; k++) {
        let i = k / 2u;
        let depth = (turned_centre + from_centre[i] + translation).z;
        let n = normal(first, k) / depth;
        let by_turn = cross(from_centre[i], n);
        let by_shift = n * spread;
        jacobian[k] = array(by_turn.x, by_turn.y, by_turn.z, by_shift.x, by_shift.y, by_shift.z);
    }
    var lambda = multipliers(&jacobian, array(turn.x, turn.y, turn.z, shift.x, shift.y, shift.z));
    for (var i = 0u; i < 3u; i++) {
        let depth = (turned_centre + from_centre[i] + translation).z;
        let by_equation = vec2(lambda.values[2u * i], lambda.values[2u * i + 1u]);
        let slope = (normal(first, 2u * i) * by_equation.x + normal(first, 2u * i + 1u) * by_equation.y) / depth;
        point_gradients[first + 2u * i] = vec4(slope * rotation, 0.0);
        point_gradients[first + 2u * i + 1u] = vec4(-by_equation, 0.0, 0.0);
    }
    keep_if_finite(hypothesis, first, 6u, lambda.usable);
}

/// Of equation k in the camera: e₁ − u e₃ or e₂ − v e₃ of its point.
fn normal(first: u32, k: u32) -> vec3<f32> {
    let image = points[first + k / 2u * 2u + 1u].xy;
    return select(vec3(0.0, 1.0, -image.y), vec3(1.0, 0.0, -image.x), k % 2u == 0u);
}
