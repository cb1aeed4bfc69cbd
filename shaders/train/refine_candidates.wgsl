// Of each pair so many of its models, those of highest score, and its true model, each refined as the estimator does after a round; a
// workgroup each. Twin: src/cpu/train/refine_candidates.rs.
//
// Rows of the outputs are pair × hypothesis_count() + k, the true model's the last of a pair. Own words of the packing: the models of a pair
// that are chosen from, scale² and reach² of the refinement, its steps.

@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read> scores: array<f32>;
@group(0) @binding(3) var<storage, read> models: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> true_models: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> matches: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> refined: array<vec4<f32>>;
// which model of its pair each was, as many as there are for the true one, −1 where there is none
@group(0) @binding(7) var<storage, read_write> origins: array<f32>;

const WORKGROUP: u32 = 64u;
const LANES: u32 = 32u;
const NONE: u32 = 0xffffffffu;

struct Steps {
    chosen_from: u32,
    scale_sq: f32,
    reach_sq: f32,
    iterations: u32,
}

var<workgroup> steps: Steps;
var<workgroup> origin: u32;

fn weight_at(index: u32) -> f32 {
    // by the bits: compilers may take it that there are neither NaN nor infinities
    let is_finite = (bitcast<u32>(weights[index]) & 0x7f800000u) != 0x7f800000u;
    return select(0.0, weights[index], is_finite);
}

fn loss_and_weight(t: f32) -> vec2<f32> {
    return cauchy(t, steps.scale_sq);
}

fn is_model(row: u32) -> bool {
    let entries = abs(models[3u * row]) + abs(models[3u * row + 1u]) + abs(models[3u * row + 2u]);
    return any(entries != vec4<f32>());
}

// Whether so many models of a pair have a higher score than this one, or the same and come before it.
fn has_rank(first: u32, row: u32, rank: u32) -> bool {
    let score = scores[row];
    var better = 0u;
    for (var other = first; other < first + steps.chosen_from && better <= rank; other++) {
        let is_better = scores[other] > score || (scores[other] == score && other < row);
        if (is_better && is_model(other)) {
            better++;
        }
    }
    return better == rank;
}

// The model of that rank by its score, to the workgroup.
fn choose(pair: u32, rank: u32, local: u32) {
    let first = pair * steps.chosen_from;
    for (var row = first + local; row < first + steps.chosen_from; row += WORKGROUP) {
        if (is_model(row) && has_rank(first, row, rank)) {
            origin = row - first;
            start_rows = array<vec4<f32>, 3>(models[3u * row], models[3u * row + 1u], models[3u * row + 2u]);
        }
    }
}

// By the bits.
fn is_finite_row(row: vec4<f32>) -> bool {
    return all((bitcast<vec4<u32>>(row) & vec4<u32>(0x7f800000u)) != vec4<u32>(0x7f800000u));
}

@compute @workgroup_size(WORKGROUP)
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
    let pair = packed.y;
    let rank = row % hypothesis_count();
    let is_true = rank + 1u == hypothesis_count();
    if (local == 0u) {
        steps = Steps(params[2], bitcast<f32>(params[3]), bitcast<f32>(params[4]), params[5]);
        origin = NONE;
        if (is_true) {
            origin = params[2];
            start_rows = array<vec4<f32>, 3>(true_models[3u * pair], true_models[3u * pair + 1u], true_models[3u * pair + 2u]);
        }
    }
    workgroupBarrier();
    if (!is_true) {
        choose(pair, rank, local);
    }
    let found = workgroupUniformLoad(&origin);
    if (found == NONE) {
        if (local == 0u) {
            refined[3u * row] = vec4<f32>();
            refined[3u * row + 1u] = vec4<f32>();
            refined[3u * row + 2u] = vec4<f32>();
            origins[row] = -1.0;
        }
        return;
    }
    let known = workgroupUniformLoad(&steps);
    minimise(Fitted(metric_of(pair), packed.z, packed.w, known.reach_sq), known.iterations, local);
    if (local == 0u) {
        let is_finite = is_finite_row(rows[0]) && is_finite_row(rows[1]) && is_finite_row(rows[2]);
        refined[3u * row] = select(vec4<f32>(), rows[0], is_finite);
        refined[3u * row + 1u] = select(vec4<f32>(), rows[1], is_finite);
        refined[3u * row + 2u] = select(vec4<f32>(), rows[2], is_finite);
        origins[row] = select(-1.0, f32(found), is_finite);
    }
}
