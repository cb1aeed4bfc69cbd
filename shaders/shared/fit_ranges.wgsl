// Fits of any number of weighted matches: one invocation a fit, buffers of shared/solver and the two here. The shader
// declares fit_model(first, count, slot), which writes one model or returns false.

/// One a match, at least 0.
@group(0) @binding(4) var<storage, read_write> weights: array<f32>;
/// The first match of each fit, and how many.
@group(0) @binding(5) var<storage, read_write> ranges: array<vec2<u32>>;

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
    let fit = invocation_index(group, groups, local, SOLVER_WORKGROUP);
    if fit >= solver_params[0] {
        return;
    }
    let found = fit_model(ranges[fit].x, ranges[fit].y, fit);
    model_counts[fit] = select(0u, 1u, found);
}
