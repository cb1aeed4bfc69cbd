// The probability of selecting each hypothesis of a pair, a workgroup a pair. Twin: src/cpu/train/select_hypotheses.rs.
// params of its own: the sharpness.

@group(0) @binding(1) var<storage, read> scores: array<f32>;
@group(0) @binding(2) var<storage, read> valid: array<f32>;
@group(0) @binding(3) var<storage, read_write> probabilities: array<f32>;
@group(0) @binding(4) var<storage, read_write> entropies_bits: array<f32>; // a pair
@group(0) @binding(5) var<storage, read_write> choices: array<f32>; // a pair

// What is so far below the highest in the exponent has no probability in f32.
const HOPELESS: f32 = 200.0;

fn can_choose(row: u32) -> bool {
    return valid[row] > 0.5 && is_moderate(scores[row]);
}

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
    var highest = -1e30;
    for (var row = start + local; row < end; row += 64u) {
        highest = max(highest, select(-1e30, scores[row], can_choose(row)));
    }
    highest = workgroup_max(local, highest);
    let sharpness = bitcast<f32>(params[2]);
    // Σ exp, Σ exp · exponent, how many
    var sums = vec4<f32>();
    for (var row = start + local; row < end; row += 64u) {
        if (can_choose(row)) {
            let exponent = max(sharpness * (scores[row] - highest), -HOPELESS);
            let share = exp(exponent);
            sums += vec4<f32>(share, share * exponent, 1.0, 0.0);
            probabilities[row] = share;
        } else {
            probabilities[row] = 0.0;
        }
    }
    sums = workgroup_sum(local, sums);
    for (var row = start + local; row < end; row += 64u) {
        probabilities[row] /= max(sums.x, 1.0);
    }
    if (local == 0u) {
        // −Σ p log₂ p with log p = exponent − log Σ exp
        let total = max(sums.x, 1.0);
        entropies_bits[pair] = max(log2(total) - sums.y / total * 1.4426950408889634, 0.0);
        choices[pair] = sums.z;
    }
}
