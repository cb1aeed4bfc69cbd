// Minimal samples, one hypothesis an invocation: distinct matches, uniform or by two integer weightings in turn, repeats
// drawn anew.
// Twin: src/cpu/search/sample_minimal.rs, bit for bit.

@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> progress: Progress;
@group(0) @binding(2) var<storage, read> pairs: array<Pair>;
@group(0) @binding(3) var<storage, read> weight_sums: array<vec2<u32>>;
@group(0) @binding(4) var<storage, read> matches: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> samples: array<u32>;
@group(0) @binding(6) var<storage, read_write> points: array<vec4<f32>>;

const MAX_SAMPLE: u32 = 7u;

// The first of the pair's matches whose sum in one of the weightings is above this.
fn first_above(pair: Pair, weighting: u32, most: u32) -> u32 {
    var low = 0u;
    var high = pair.match_count;
    while (low < high) {
        let middle = (low + high) / 2u;
        if (weight_sums[pair.match_start + middle][weighting] <= most) {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    return low;
}

// The match that a random word falls on.
fn pick(pair: Pair, weighting: u32, word: u32) -> u32 {
    if (settings.weigh_sampling == BY_NOTHING) {
        return multiply_high(word, pair.match_count);
    }
    let total = weight_sums[pair.match_start + pair.match_count - 1u][weighting];
    return first_above(pair, weighting, multiply_high(word, total));
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = invocation_index(workgroup, workgroups, local, 64u);
    if (index >= progress.active_pairs * progress.hypotheses) {
        return;
    }
    let pair = pairs[progress.pairs[index / progress.hypotheses]];
    let hypothesis = progress.first_hypothesis + index % progress.hypotheses;
    let size = settings.sample_size;
    let weighting = select(0u, 1u, hypothesis >= ALTERNATE_FROM && hypothesis % 2u == 1u);
    var sample: array<u32, MAX_SAMPLE>;
    var found = 0u;
    var words = vec4<u32>();
    for (var draw = 0u; draw < MAX_DRAWS && found < size; draw++) {
        if (draw % 4u == 0u) {
            words = pcg4d(vec4<u32>(pair.seed, hypothesis, draw / 4u));
        }
        let candidate = pick(pair, weighting, words[draw % 4u]);
        var repeated = false;
        for (var k = 0u; k < found; k++) {
            repeated = repeated || sample[k] == candidate;
        }
        if (!repeated) {
            sample[found] = candidate;
            found++;
        }
    }
    for (var k = 0u; k < size; k++) {
        let drawn = select(0u, sample[k], found == size);
        samples[index * size + k] = select(NO_SAMPLE, drawn, found == size);
        for (var v = 0u; v < MATCH_VECTORS; v++) {
            points[(index * size + k) * MATCH_VECTORS + v] = matches[(pair.match_start + drawn) * MATCH_VECTORS + v];
        }
    }
}
