// The weighted mean of the poses of a pair, a workgroup a pair. Twin: src/cpu/train/average_poses.rs.

@group(0) @binding(3) var<storage, read_write> means: array<vec4<f32>>; // three a pair
@group(0) @binding(4) var<storage, read_write> valid: array<f32>;
@group(0) @binding(5) var<storage, read_write> is_undefined: array<f32>;

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
    let mean = mean_pose(pair * counts.y, (pair + 1u) * counts.y, local);
    if (local > 0u) {
        return;
    }
    let rows = rows_of(mean.rotation, -(mean.rotation * mean.centre));
    for (var k = 0u; k < 3u; k++) {
        means[3u * pair + k] = select(vec4<f32>(), rows[k], mean.status == MEAN);
    }
    valid[pair] = select(0.0, 1.0, mean.status == MEAN);
    is_undefined[pair] = select(0.0, 1.0, mean.status == UNDEFINED);
}
