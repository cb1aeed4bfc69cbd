// The valid models of each pair as a dense list in the order of their hypotheses, and how many workgroups score them; one
// pair a workgroup. List of a slot: its length, then model ids (hypothesis of the round × max_solutions + solution).

@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> progress: Progress;
@group(0) @binding(2) var<storage, read> samples: array<u32>;
@group(0) @binding(3) var<storage, read> model_counts: array<u32>;
@group(0) @binding(4) var<storage, read_write> lists: array<u32>;
// [0]: hypotheses in all; [1..4]: workgroups of the scoring
@group(0) @binding(5) var<storage, read_write> round_counts: array<atomic<u32>>;

const WORKGROUP: u32 = 256u;

fn valid_models(index: u32) -> u32 {
    let sampled = samples[index * settings.sample_size] != NO_SAMPLE;
    return select(0u, min(model_counts[index], settings.max_solutions), sampled);
}

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let slot = workgroup_index(workgroup, workgroups);
    if (slot >= progress.active_pairs) {
        return;
    }
    // each invocation has a run of hypotheses, so that the order stays
    let run = (progress.hypotheses + WORKGROUP - 1u) / WORKGROUP;
    let first = min(local * run, progress.hypotheses);
    let end = min(first + run, progress.hypotheses);
    var count = 0u;
    for (var h = first; h < end; h++) {
        count += valid_models(slot * progress.hypotheses + h);
    }
    let all_valid = sum_up(local, count);
    let list = slot * (settings.hypotheses * settings.max_solutions + 1u);
    var place = list + 1u + ends[local] - count;
    for (var h = first; h < end; h++) {
        let valid = valid_models(slot * progress.hypotheses + h);
        for (var k = 0u; k < valid; k++) {
            lists[place] = h * settings.max_solutions + k;
            place++;
        }
    }
    if (local == 0u) {
        lists[list] = all_valid;
        atomicMax(&round_counts[1], (all_valid + MODELS_A_WORKGROUP - 1u) / MODELS_A_WORKGROUP);
    }
}
