// The best models of each pair in this round, at most one a hypothesis, best first, ties to the earlier one; one pair a
// workgroup.
// Twin: src/cpu/search/select_best.rs.

@group(0) @binding(0) var<storage, read> settings: Settings;
@group(0) @binding(1) var<storage, read> progress: Progress;
@group(0) @binding(2) var<storage, read> models: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> lists: array<u32>;
@group(0) @binding(4) var<storage, read_write> partial_scores: array<f32>;
@group(0) @binding(5) var<storage, read_write> candidates: array<Candidate>;

const WORKGROUP: u32 = 128u;
const NONE: u32 = 0xffffffffu;

var<workgroup> best_scores: array<f32, WORKGROUP>;
var<workgroup> best_places: array<u32, WORKGROUP>;
var<workgroup> chosen: array<u32, MAX_CANDIDATES>;

fn is_better(score: f32, place: u32, than_score: f32, than_place: u32) -> bool {
    return score > than_score || (score == than_score && place < than_place && score > 0.0);
}

fn hypothesis_of(list: u32, place: u32) -> u32 {
    return lists[list + 1u + place] / settings.max_solutions;
}

fn is_chosen(hypothesis: u32, ranks: u32) -> bool {
    for (var rank = 0u; rank < ranks; rank++) {
        if (chosen[rank] == hypothesis) {
            return true;
        }
    }
    return false;
}

// The first share becomes the whole score.
fn add_shares(base: u32, count: u32, local: u32) {
    for (var place = local; place < count; place += WORKGROUP) {
        let at = (base + place) * SCORE_SHARES;
        var sum = partial_scores[at];
        for (var share = 1u; share < SCORE_SHARES; share++) {
            sum += partial_scores[at + share];
        }
        partial_scores[at] = sum;
    }
}

fn write_candidate(slot: u32, rank: u32, list: u32, score: f32, place: u32) {
    let to = candidate_place(settings, progress.pairs[slot], progress.round, rank);
    candidates[to].score = select(score, 0.0, place == NONE);
    candidates[to].needed = UNREACHED;
    candidates[to].found = select(1u, 0u, place == NONE);
    if (place == NONE) {
        return;
    }
    let id = lists[list + 1u + place];
    let row = 3u * (slot * progress.hypotheses * settings.max_solutions + id);
    candidates[to].model = id;
    for (var k = 0u; k < 3u; k++) {
        candidates[to].rows[k] = models[row + k];
    }
}

@compute @workgroup_size(128)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let slot = workgroup_index(workgroup, workgroups);
    if (slot >= progress.active_pairs) {
        return;
    }
    let capacity = settings.hypotheses * settings.max_solutions;
    let list = slot * (capacity + 1u);
    let count = lists[list];
    add_shares(slot * capacity, count, local);
    for (var rank = 0u; rank < settings.candidates; rank++) {
        var score = 0.0;
        var place = NONE;
        for (var p = local; p < count; p += WORKGROUP) {
            let s = partial_scores[(slot * capacity + p) * SCORE_SHARES];
            if (is_better(s, p, score, place) && !is_chosen(hypothesis_of(list, p), rank)) {
                score = s;
                place = p;
            }
        }
        best_scores[local] = score;
        best_places[local] = place;
        workgroupBarrier();
        for (var step = WORKGROUP / 2u; step > 0u; step /= 2u) {
            if (local < step) {
                let other = local + step;
                if (is_better(best_scores[other], best_places[other], best_scores[local], best_places[local])) {
                    best_scores[local] = best_scores[other];
                    best_places[local] = best_places[other];
                }
            }
            workgroupBarrier();
        }
        if (local == 0u) {
            let best = best_places[0];
            write_candidate(slot, rank, list, best_scores[0], best);
            chosen[rank] = select(hypothesis_of(list, best), NONE, best == NONE);
        }
        workgroupBarrier();
    }
}
