// Gradient of the three-point rigid solver, the least-squares motion, by the implicit function theorem: t = q̄ − R p̄, and
// the rotation under the three equations Σ yᵢ × (qᵢ − q̄) = 0 with yᵢ = R (pᵢ − p̄). In: 3 × (first side xyz0, second side
// xyz0), [R | t]. Twin: src/cpu/solve/solve_rigid_3pt_backward.rs.

const UNKNOWNS: u32 = 3u;

fn run_hypothesis(hypothesis: u32) {
    let first = 6u * hypothesis;
    let rotation = matrix_of(model_at(hypothesis));
    let gradient = model_gradient_at(hypothesis);
    let by_translation = last_column(gradient);
    let centre1 = (points[first].xyz + points[first + 2u].xyz + points[first + 4u].xyz) / 3.0;
    let centre2 = (points[first + 1u].xyz + points[first + 3u].xyz + points[first + 5u].xyz) / 3.0;
    var y: array<vec3<f32>, 3>;
    var q: array<vec3<f32>, 3>;
    var size = 0.0;
    for (var i = 0u; i < 3u; i++) {
        y[i] = rotation * (points[first + 2u * i].xyz - centre1);
        q[i] = points[first + 2u * i + 1u].xyz - centre2;
        size += length(y[i]) * length(q[i]);
    }
    // A turn of R turns t = q̄ − R p̄ with it.
    let turn = turn_gradient(rotation, matrix_of(gradient)) - cross(rotation * centre1, by_translation);
    // Of (ω × y) × q = y (q·ω) − (y·q) ω.
    var jacobian: array<array<f32, UNKNOWNS>, UNKNOWNS>;
    for (var r = 0u; r < 3u; r++) {
        var row = vec3(0.0);
        for (var i = 0u; i < 3u; i++) {
            row += y[i][r] * q[i] - dot(y[i], q[i]) * unit_vector(r);
        }
        jacobian[r] = array(row.x / size, row.y / size, row.z / size);
    }
    var lambda = multipliers(&jacobian, array(turn.x, turn.y, turn.z));
    let by_turn = vec3(lambda.values[0], lambda.values[1], lambda.values[2]) / size;
    // Centring sends nothing back: the sums over the three are λ × Σ y = 0 and Σ q × λ = 0.
    for (var i = 0u; i < 3u; i++) {
        let by_first = (cross(q[i], by_turn) - by_translation / 3.0) * rotation;
        let by_second = cross(by_turn, y[i]) + by_translation / 3.0;
        point_gradients[first + 2u * i] = vec4(by_first, 0.0);
        point_gradients[first + 2u * i + 1u] = vec4(by_second, 0.0);
    }
    keep_if_finite(hypothesis, first, 6u, lambda.usable);
}
