// The gradient of the mean pose by the poses, a workgroup a pair. Twin: src/cpu/train/average_poses.rs.

@group(0) @binding(3) var<storage, read> mean_gradients: array<vec4<f32>>; // three a pair
@group(0) @binding(4) var<storage, read_write> model_gradients: array<vec4<f32>>;

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
        var gradient = array<vec4<f32>, 3>();
        if (mean.status == MEAN && takes_part(row)) {
            let rows = pose_rows(row);
            let t = last_column(rows);
            let share = weights[row] / mean.total;
            // c = −Rᵀ t
            let by_rotation = by.rotations - mat3x3<f32>(t * by.centre.x, t * by.centre.y, t * by.centre.z);
            gradient = rows_of(by_rotation * share, matrix_of(rows) * by.centre * -share);
            if (!(are_moderate(gradient[0]) && are_moderate(gradient[1]) && are_moderate(gradient[2]))) {
                gradient = array<vec4<f32>, 3>();
            }
        }
        for (var k = 0u; k < 3u; k++) {
            model_gradients[3u * row + k] = gradient[k];
        }
    }
}
