// The gradient of refined poses by the matches, a match an invocation: over the poses of its pair that were fitted to it,
// −λᵀ F_θp with H λ = ∂L/∂θ. Twin: src/cpu/train/refine_poses.rs.

@group(0) @binding(1) var<storage, read> matches: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> models: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> flags: array<f32>;
@group(0) @binding(4) var<storage, read> states: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> model_gradients: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> match_gradients: array<vec4<f32>>;

// By the bits: compilers may take it that there are neither NaN nor infinities.
fn is_finite4(v: vec4<f32>) -> bool {
    return all((bitcast<vec4<u32>>(v) & vec4<u32>(0x7f800000u)) != vec4<u32>(0x7f800000u));
}

// λ, the turn and the shift (in units of length).
struct Adjoint {
    turn: vec3<f32>,
    shift: vec3<f32>,
}

fn adjoint_of(row: u32, rotation: mat3x3<f32>, frame: vec4<f32>) -> Adjoint {
    let gradient = array<vec4<f32>, 3>(model_gradients[3u * row], model_gradients[3u * row + 1u], model_gradients[3u * row + 2u]);
    let by_translation = last_column(gradient);
    let turn = turn_gradient(rotation, matrix_of(gradient)) - cross(rotation * frame.xyz, by_translation);
    let shift = by_translation * frame.w;
    var by_theta = array<f32, 6>(turn.x, turn.y, turn.z, shift.x, shift.y, shift.z);
    var lambda: array<f32, 6>;
    for (var k = 0u; k < 36u; k++) {
        lambda[k / 6u] += states[STATE * row + 4u + k / 4u][k % 4u] * by_theta[k % 6u];
    }
    return Adjoint(vec3<f32>(lambda[0], lambda[1], lambda[2]), vec3<f32>(lambda[3], lambda[4], lambda[5]) * frame.w);
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = invocation_index(workgroup, workgroups, local, 64u);
    if (index >= match_total()) {
        return;
    }
    let pair = pair_of_match(index);
    let metric = metric_of(pair);
    let match_ = make_match(matches[2u * index], matches[2u * index + 1u]);
    var by_first = vec4<f32>();
    var by_second = vec4<f32>();
    for (var row = pair * hypothesis_count(); row < (pair + 1u) * hypothesis_count(); row++) {
        let chosen = array<vec4<f32>, 3>(states[STATE * row], states[STATE * row + 1u], states[STATE * row + 2u]);
        if (flags[3u * row + 2u] == 0.0 || !(residual_sq(make_residual(chosen, metric), match_) < 1.0)) {
            continue;
        }
        let rows = array<vec4<f32>, 3>(models[3u * row], models[3u * row + 1u], models[3u * row + 2u]);
        let rotation = matrix_of(rows);
        let frame = states[STATE * row + 3u];
        let adjoint = adjoint_of(row, rotation, frame);
        let from_centre = rotation * (match_.a.xyz - frame.xyz);
        let y = from_centre + rotation * frame.xyz + last_column(rows);
        let terms = point_terms(y, match_.b.xyz, metric, 1.0);
        let v = cross(adjoint.turn, from_centre) + adjoint.shift;
        let by_point = terms.curvature * v + cross(terms.slope, adjoint.turn);
        let first = vec4<f32>(-(by_point * rotation), 0.0);
        let second = vec4<f32>(by_other(y, v, metric), 0.0);
        let usable = is_finite4(first) && is_finite4(second);
        by_first += select(vec4<f32>(), first, usable);
        by_second += select(vec4<f32>(), second, usable);
    }
    match_gradients[2u * index] = by_first;
    match_gradients[2u * index + 1u] = by_second;
}
