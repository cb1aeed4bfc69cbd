// Half the sum of rotation and translation error, a motion an invocation. Twin: src/cpu/train/pose_loss.rs.

@group(0) @binding(3) var<storage, read_write> losses: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let row = invocation_index(workgroup, workgroups, local, 64u);
    if (row >= params[0]) {
        return;
    }
    let loss = pose_error(row).value;
    losses[row] = select(0.0, loss, is_moderate(loss));
}
