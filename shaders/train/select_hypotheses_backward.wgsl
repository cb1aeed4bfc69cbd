// The gradient by the scores of that by the probabilities, a workgroup a pair: α p (g − Σ p g). Twin:
// src/cpu/train/select_hypotheses.rs.

@group(0) @binding(1) var<storage, read> probabilities: array<f32>;
@group(0) @binding(2) var<storage, read> by_probabilities: array<f32>;
@group(0) @binding(3) var<storage, read_write> by_scores: array<f32>;

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
    let start = pair * counts.y;
    let end = start + counts.y;
    var mean = 0.0;
    for (var row = start + local; row < end; row += 64u) {
        mean += weighted(row, by_probabilities[row]);
    }
    mean = workgroup_sum(local, vec4<f32>(mean)).x;
    let sharpness = bitcast<f32>(params[2]);
    for (var row = start + local; row < end; row += 64u) {
        by_scores[row] = sharpness * weighted(row, by_probabilities[row] - mean);
    }
}

// 0 for what is never selected, whatever its gradient.
fn weighted(row: u32, gradient: f32) -> f32 {
    let p = probabilities[row];
    return select(0.0, p * gradient, p > 0.0 && is_moderate(gradient));
}
