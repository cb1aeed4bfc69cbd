// The gradient of the two losses by the model, a workgroup a model. Twin: src/cpu/train/match_losses.rs.

@group(0) @binding(4) var<storage, read> loss_gradients: array<f32>; // two a model
@group(0) @binding(5) var<storage, read_write> model_gradients: array<vec4<f32>>;

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
    let end = packed.z + packed.w;
    var count = 0.0;
    for (var i = packed.z + local; i < end; i += 64u) {
        count += select(0.0, 1.0, is_inlier(i));
    }
    let inliers = workgroup_sum(local, vec4<f32>(count)).x;
    let shares = 1.0 / vec2<f32>(f32(max(packed.w, 1u)), max(inliers, 1.0));
    let by_losses = vec2<f32>(loss_gradients[2u * row], loss_gradients[2u * row + 1u]) * shares;
    let errors = make_errors(rows_at(row), metric_of(packed.y));
    var sums = array<vec4<f32>, 3>();
    for (var i = packed.z + local; i < end; i += 64u) {
        let gradient = match_gradient(errors, i, by_losses);
        for (var k = 0u; k < 3u; k++) {
            sums[k] += gradient.rows[k];
        }
    }
    for (var k = 0u; k < 3u; k++) {
        sums[k] = workgroup_sum(local, sums[k]);
    }
    if (local == 0u) {
        let gradient = model_gradient(row, sums);
        for (var k = 0u; k < 3u; k++) {
            model_gradients[3u * row + k] = gradient[k];
        }
    }
}
