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
    let sample = draw_sample(source_of(pair, hypothesis), pair.seed, hypothesis, size);
    let is_whole = sample.size == size;
    for (var k = 0u; k < size; k++) {
        let drawn = select(0u, sample_entry(sample, k), is_whole);
        samples[index * size + k] = select(NO_SAMPLE, drawn, is_whole);
        for (var v = 0u; v < MATCH_VECTORS; v++) {
            points[(index * size + k) * MATCH_VECTORS + v] = matches[(pair.match_start + drawn) * MATCH_VECTORS + v];
        }
    }
}
