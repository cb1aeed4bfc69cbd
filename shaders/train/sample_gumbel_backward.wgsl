// The straight-through gradient by the logits, a match an invocation: over the hypotheses of its pair,
// (y_j / temperature) ([j drawn] ∂L/∂z_j − Σ_i y_i ∂L/∂z_i). Twin: src/cpu/train/sample_gumbel.rs.

@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> indices: array<f32>;
@group(0) @binding(3) var<storage, read> shares: array<f32>;
@group(0) @binding(4) var<storage, read> highest_logits: array<f32>; // perturbed
@group(0) @binding(5) var<storage, read> value_gradients: array<f32>;
@group(0) @binding(6) var<storage, read_write> logit_gradients: array<f32>;

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
    let place = index - match_start(pair);
    let size = sample_size();
    var gradient = 0.0;
    for (var row = pair * hypothesis_count(); row < (pair + 1u) * hypothesis_count(); row++) {
        var sum = 0.0;
        var drawn = 0.0;
        for (var k = row * size; k < (row + 1u) * size; k++) {
            let term = shares[k] * value_gradients[k];
            sum += term;
            drawn += select(0.0, term, indices[k] == f32(index));
        }
        // False for NaN and infinities too. No sample: all shares are 0.
        if (abs(sum) < 1e30 && sum != 0.0) {
            let perturbed = perturbed_logit(noise_key(row), place, logits[index]);
            // of the first drawn match, which has the highest, the share is known
            let share = shares[row * size] * exp((perturbed - highest_logits[row]) / temperature());
            gradient += drawn - share * sum;
        }
    }
    logit_gradients[index] = gradient / temperature();
}
