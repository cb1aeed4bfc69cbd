// The two losses of a model over the matches of its pair, a workgroup a model. Twin: src/cpu/train/match_losses.rs.

@group(0) @binding(4) var<storage, read_write> losses: array<f32>; // two a model

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
    var sums = vec4<f32>();
    for (var i = packed.z + local; i < packed.z + packed.w; i += 64u) {
        let e = match_errors(errors, match_at(i));
        let inlier = is_inlier(i);
        sums.x += inlier_loss(e.x, inlier);
        sums += select(vec4<f32>(), vec4<f32>(0.0, at_most(e.y, clamp_sq()), 1.0, 0.0), inlier);
    }
    sums = workgroup_sum(local, sums);
    if (local == 0u) {
        losses[2u * row] = sums.x / f32(max(packed.w, 1u));
        losses[2u * row + 1u] = sums.y / max(sums.z, 1.0);
    }
}
