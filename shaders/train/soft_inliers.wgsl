// The share of a pair's matches that a model explains, counted softly, a workgroup a model. Twin:
// src/cpu/train/soft_inliers.rs.

@group(0) @binding(3) var<storage, read_write> scores: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let row = workgroup_index(workgroup, workgroups);
    let packed = uniform_row(row, local);
    if (row >= packed.x) {
        return;
    }
    let errors = make_errors(rows_at(row), metric_of(packed.y));
    var sum = 0.0;
    for (var i = packed.z + local; i < packed.z + packed.w; i += 64u) {
        let residual = bounded_residual(errors, row, i);
        sum += select(0.0, soft_inlier(residual.value), residual.is_known);
    }
    sum = workgroup_sum(local, vec4<f32>(sum)).x;
    if (local == 0u) {
        scores[row] = sum / f32(max(packed.w, 1u));
    }
}
