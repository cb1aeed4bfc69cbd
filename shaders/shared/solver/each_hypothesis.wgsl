// The entry of every minimal solver, of its gradient and of every fit: one invocation a hypothesis. The shader declares
// run_hypothesis(hypothesis).

@group(0) @binding(0) var<storage, read_write> solver_params: array<u32>; // [0]: hypotheses

const SOLVER_WORKGROUP: u32 = 64u;

@compute @workgroup_size(SOLVER_WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let hypothesis = invocation_index(group, groups, local, SOLVER_WORKGROUP);
    if hypothesis < solver_params[0] {
        run_hypothesis(hypothesis);
    }
}
