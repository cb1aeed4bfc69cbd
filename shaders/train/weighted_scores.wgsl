// The score of a model as the weighted sum of the gains of its pair's matches, a workgroup a model. Twin:
// src/cpu/train/weighted_scores.rs.

@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read> models: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> matches: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> scores: array<f32>;

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
    load_gain_settings();
    let rows = array<vec4<f32>, 3>(models[3u * row], models[3u * row + 1u], models[3u * row + 2u]);
    let residual = make_residual(rows, metric_of(packed.y));
    var sum = 0.0;
    for (var i = packed.z + local; i < packed.z + packed.w; i += 64u) {
        let match_ = make_match(matches[i * MATCH_VECTORS], matches[(i + 1u) * MATCH_VECTORS - 1u]);
        // by the bits: compilers may take it that there are neither NaN nor infinities
        let is_finite = (bitcast<u32>(weights[i]) & 0x7f800000u) != 0x7f800000u;
        sum += select(0.0, weights[i], is_finite) * gain(residual_sq(residual, match_));
    }
    sum = workgroup_sum(local, vec4<f32>(sum)).x;
    if (local == 0u) {
        scores[row] = sum;
    }
}
