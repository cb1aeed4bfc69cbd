// Fits of samples of solver_params[1] weighted two-view matches: one invocation a sample, buffers of shared/solver and the
// weights. The shader declares fit_model(first, count, slot), which writes one model or returns false.

@group(0) @binding(4) var<storage, read_write> weights: array<f32>;

fn match_at(i: u32) -> vec4<f32> {
    return points[i];
}

fn weight_at(i: u32) -> f32 {
    return weights[i];
}

@compute @workgroup_size(SOLVER_WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let hypothesis = invocation_index(group, groups, local, SOLVER_WORKGROUP);
    if hypothesis >= solver_params[0] {
        return;
    }
    let found = fit_model(solver_params[1] * hypothesis, solver_params[1], hypothesis);
    model_counts[hypothesis] = select(0u, 1u, found);
}
