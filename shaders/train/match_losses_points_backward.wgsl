// The gradient of the two losses of all models of a pair by a match, a match an invocation. Twin: src/cpu/train/match_losses.rs.

@group(0) @binding(4) var<storage, read> loss_gradients: array<f32>; // two a model
@group(0) @binding(5) var<storage, read_write> match_gradients: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = invocation_index(workgroup, workgroups, local, 64u);
    if (index >= match_total()) {
        return;
    }
    let pair = pair_of_match(index);
    var inliers = 0.0;
    for (var i = match_start(pair); i < match_end(pair); i++) {
        inliers += select(0.0, 1.0, is_inlier(i));
    }
    let shares = 1.0 / vec2<f32>(f32(match_end(pair) - match_start(pair)), max(inliers, 1.0));
    let metric = metric_of(pair);
    var sum = array<vec4<f32>, 2>();
    for (var row = pair * hypothesis_count(); row < (pair + 1u) * hypothesis_count(); row++) {
        let by_losses = vec2<f32>(loss_gradients[2u * row], loss_gradients[2u * row + 1u]) * shares;
        let gradient = match_gradient(make_errors(rows_at(row), metric), index, by_losses);
        sum[0] += gradient.a;
        sum[1] += gradient.b;
    }
    for (var v = 0u; v < MATCH_VECTORS; v++) {
        match_gradients[index * MATCH_VECTORS + v] = sum[v];
    }
}
