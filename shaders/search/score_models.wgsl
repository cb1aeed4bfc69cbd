// Models × matches → partial scores: the sum of the matches' weighted gains over one share of the matches.
// Twin: src/cpu/search/score_models.rs.
//
// Workgroup (x, y, z): models MODELS_A_WORKGROUP x … of the list of a slot, one share of the matches; more slots than y may have
// go on in z, behind the shares. An invocation keeps two models in registers; the matches pass by in tiles of workgroup memory,
// that all invocations read at the same place. The shares of a pair depend on its number of matches alone, and so does every
// bit of its scores.

@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> progress: Progress;
@group(0) @binding(2) var<storage, read> pairs: array<Pair>;
@group(0) @binding(3) var<storage, read> matches: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> match_facts: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> models: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read> lists: array<u32>;
@group(0) @binding(7) var<storage, read_write> partial_scores: array<f32>;

// an invocation scores two models
const WORKGROUP: u32 = MODELS_A_WORKGROUP / 2u;
const TILE: u32 = 256u;

var<workgroup> tile: array<Match, TILE>;
var<workgroup> tile_weights: array<f32, TILE>;

fn residual_of(slot: u32, id: u32, metric: vec4<f32>) -> Residual {
    let row = 3u * (slot * progress.hypotheses * settings.max_solutions + id);
    return make_residual(array<vec4<f32>, 3>(models[row], models[row + 1u], models[row + 2u]), metric);
}

fn load_tile(start: u32, end: u32, local: u32) {
    for (var k = local; k < TILE; k += WORKGROUP) {
        // beyond the end: any finite match, of weight 0
        let index = min(start + k, end - 1u);
        tile[k] = make_match(matches[index * MATCH_VECTORS], matches[index * MATCH_VECTORS + MATCH_VECTORS - 1u]);
        tile_weights[k] = select(0.0, score_weight(index), start + k < end);
    }
}

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let slot = workgroup.z / SCORE_SHARES * workgroups.y + workgroup.y;
    let matches_share = workgroup.z % SCORE_SHARES;
    if (slot >= progress.active_pairs) {
        return;
    }
    let capacity = settings.hypotheses * settings.max_solutions;
    let list = slot * (capacity + 1u);
    let count = lists[list];
    let first = workgroup.x * MODELS_A_WORKGROUP;
    if (first >= count) {
        return;
    }
    let pair = pairs[progress.pairs[slot]];
    let tiles = (pair.match_count + TILE - 1u) / TILE;
    let share = (tiles + SCORE_SHARES - 1u) / SCORE_SHARES * TILE;
    let begin = pair.match_start + min(matches_share * share, pair.match_count);
    let end = min(begin + share, pair.match_start + pair.match_count);
    let place0 = first + local;
    let place1 = place0 + WORKGROUP;
    let model0 = residual_of(slot, lists[list + 1u + min(place0, count - 1u)], pair.metric);
    let model1 = residual_of(slot, lists[list + 1u + min(place1, count - 1u)], pair.metric);
    var sum0 = 0.0;
    var sum1 = 0.0;
    for (var start = begin; start < end; start += TILE) {
        workgroupBarrier();
        load_tile(start, end, local);
        workgroupBarrier();
        let used = min(TILE, end - start);
        for (var k = 0u; k < used; k += 2u) {
            let a = tile[k];
            let b = tile[k + 1u];
            let weight_a = tile_weights[k];
            let weight_b = tile_weights[k + 1u];
            sum0 += weight_a * gain(residual_sq(model0, a));
            sum1 += weight_a * gain(residual_sq(model1, a));
            sum0 += weight_b * gain(residual_sq(model0, b));
            sum1 += weight_b * gain(residual_sq(model1, b));
        }
    }
    if (place0 < count) {
        partial_scores[(slot * capacity + place0) * SCORE_SHARES + matches_share] = sum0;
    }
    if (place1 < count) {
        partial_scores[(slot * capacity + place1) * SCORE_SHARES + matches_share] = sum1;
    }
}
