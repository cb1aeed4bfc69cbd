// Fits of samples of SAMPLE_SIZE two-view matches, all of weight 1: one invocation a sample, buffers of shared/solver. The
// shader declares fit_model(first, count, slot), which writes one model or returns false.

fn match_at(i: u32) -> vec4<f32> {
    return points[i];
}

fn weight_at(i: u32) -> f32 {
    return 1.0;
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
    let found = fit_model(SAMPLE_SIZE * hypothesis, SAMPLE_SIZE, hypothesis);
    model_counts[hypothesis] = select(0u, 1u, found);
}
