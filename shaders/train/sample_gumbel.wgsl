// Minimal samples for training: the matches of the highest perturbed logits. One workgroup a hypothesis: every invocation
// keeps the best of its share, then the best heads are taken one by one. Twin: src/cpu/train/sample_gumbel.rs.

@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read_write> values: array<f32>; // 1, or 0 where no sample could be drawn
@group(0) @binding(3) var<storage, read_write> indices: array<f32>; // rows of the packed matches, or −1
@group(0) @binding(4) var<storage, read_write> shares: array<f32>;
@group(0) @binding(5) var<storage, read_write> highest_logits: array<f32>; // perturbed

const WORKGROUP: u32 = 64u;
const MAX_SAMPLE: u32 = 16u;

var<workgroup> heads: array<f32, WORKGROUP>;
var<workgroup> owners: array<u32, WORKGROUP>;
var<workgroup> shared_size: u32;

// The invocation with the highest head, to all.
fn best_head(local: u32, head: f32) -> u32 {
    heads[local] = head;
    owners[local] = local;
    for (var step = WORKGROUP / 2u; step > 0u; step /= 2u) {
        workgroupBarrier();
        if (local < step && heads[local + step] > heads[local]) {
            heads[local] = heads[local + step];
            owners[local] = owners[local + step];
        }
    }
    return workgroupUniformLoad(&owners[0]);
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let row = workgroup_index(workgroup, workgroups);
    if (local == 0u) {
        shared_size = min(sample_size(), MAX_SAMPLE);
    }
    let size = workgroupUniformLoad(&shared_size);
    let packed = uniform_row(row, local);
    if (row >= packed.x) {
        return;
    }
    let start = packed.z;
    let count = packed.w;
    let key = noise_key(row);
    var best: array<f32, MAX_SAMPLE>;
    var places: array<u32, MAX_SAMPLE>;
    for (var k = 0u; k < size; k++) {
        best[k] = NEVER_DRAWN;
    }
    for (var i = local; i < count; i += WORKGROUP) {
        var candidate = perturbed_logit(key, i, logits[start + i]);
        var place = i;
        for (var k = 0u; k < size; k++) {
            if (candidate > best[k]) {
                let lower = best[k];
                let lower_place = places[k];
                best[k] = candidate;
                places[k] = place;
                candidate = lower;
                place = lower_place;
            }
        }
    }
    var taken = 0u;
    var highest = NEVER_DRAWN;
    var lowest = NEVER_DRAWN;
    for (var k = 0u; k < size; k++) {
        // an invocation whose best are all taken has none left
        var head = NEVER_DRAWN;
        if (taken < size) {
            head = best[taken];
        }
        let owner = best_head(local, head);
        lowest = workgroupUniformLoad(&heads[0]);
        if (k == 0u) {
            highest = lowest;
        }
        if (local == owner) {
            indices[row * size + k] = f32(start + places[min(taken, size - 1u)]);
            shares[row * size + k] = head;
            taken++;
        }
        workgroupBarrier();
    }
    // the softmax over all matches
    var sum = 0.0;
    for (var i = local; i < count; i += WORKGROUP) {
        sum += exp((perturbed_logit(key, i, logits[start + i]) - highest) / temperature());
    }
    heads[local] = sum;
    for (var step = WORKGROUP / 2u; step > 0u; step /= 2u) {
        workgroupBarrier();
        if (local < step) {
            heads[local] += heads[local + step];
        }
    }
    workgroupBarrier();
    storageBarrier();
    let found = lowest > 0.5 * NEVER_DRAWN;
    for (var k = local; k < size; k += WORKGROUP) {
        values[row * size + k] = select(0.0, 1.0, found);
        let share = exp((shares[row * size + k] - highest) / temperature()) / heads[0];
        shares[row * size + k] = select(0.0, share, found);
        if (!found) {
            indices[row * size + k] = -1.0;
        }
    }
    if (local == 0u) {
        highest_logits[row] = highest;
    }
}
