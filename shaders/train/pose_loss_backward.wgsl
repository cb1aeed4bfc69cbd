// The gradient of the pose loss by the motion, a motion an invocation. Twin: src/cpu/train/pose_loss.rs.

@group(0) @binding(3) var<storage, read> loss_gradients: array<f32>;
@group(0) @binding(4) var<storage, read_write> model_gradients: array<vec4<f32>>;

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
    let error = pose_error(row);
    var usable = true;
    for (var i = 0u; i < 3u; i++) {
        for (var k = 0u; k < 4u; k++) {
            usable = usable && is_moderate(error.gradient[i][k]);
        }
    }
    for (var i = 0u; i < 3u; i++) {
        model_gradients[3u * row + i] = select(vec4<f32>(), error.gradient[i] * loss_gradients[row], usable);
    }
}
