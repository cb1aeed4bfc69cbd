// The gradient of the mean pose by the weights, a workgroup a pair. Twin: src/cpu/train/average_poses.rs.

@group(0) @binding(3) var<storage, read> mean_gradients: array<vec4<f32>>; // three a pair
@group(0) @binding(4) var<storage, read_write> weight_gradients: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let pair = workgroup_index(workgroup, workgroups);
    let counts = uniform_counts(local);
    if (pair >= counts.x) {
        return;
    }
    let end = (pair + 1u) * counts.y;
    let mean = mean_pose(pair * counts.y, end, local);
    let by_mean =
        array<vec4<f32>, 3>(mean_gradients[3u * pair], mean_gradients[3u * pair + 1u], mean_gradients[3u * pair + 2u]);
    let by = moment_gradient(mean, by_mean);
    for (var row = pair * counts.y + local; row < end; row += 64u) {
        var gradient = 0.0;
        if (mean.status == MEAN && takes_part(row)) {
            let rows = pose_rows(row);
            let off = frobenius(by.rotations, matrix_of(rows) - mean.rotations);
            gradient = (off + dot(by.centre, centre_of(rows) - mean.centre)) / mean.total;
        }
        weight_gradients[row] = select(0.0, gradient, is_moderate(gradient));
    }
}
