// The gradient of the scores by the weights, a match an invocation: its gains under the models of its pair, computed anew.
// Twin: src/cpu/train/weighted_scores.rs.

@group(0) @binding(1) var<storage, read> models: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> matches: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> score_gradients: array<f32>;
@group(0) @binding(4) var<storage, read_write> weight_gradients: array<f32>;

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
    load_gain_settings();
    let pair = pair_of_match(index);
    let metric = metric_of(pair);
    let match_ = make_match(matches[index * MATCH_VECTORS], matches[(index + 1u) * MATCH_VECTORS - 1u]);
    var sum = 0.0;
    for (var row = pair * hypothesis_count(); row < (pair + 1u) * hypothesis_count(); row++) {
        let rows = array<vec4<f32>, 3>(models[3u * row], models[3u * row + 1u], models[3u * row + 2u]);
        sum += score_gradients[row] * gain(residual_sq(make_residual(rows, metric), match_));
    }
    weight_gradients[index] = sum;
}
