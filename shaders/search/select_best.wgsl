// The best models of each pair in this round, at most one a hypothesis, best first, ties to the earlier one; one pair a
// workgroup. The list of models is cut into blocks whose best is kept, so that each rank looks at one block anew.
// Twin: src/cpu/search/select_best.rs.

@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> progress: Progress;
@group(0) @binding(2) var<storage, read> models: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> lists: array<u32>;
@group(0) @binding(4) var<storage, read_write> partial_scores: array<f32>;
@group(0) @binding(5) var<storage, read_write> candidates: array<Candidate>;
// of fundamental matrices: the candidates as the solver found them
@group(0) @binding(6) var<storage, read_write> minimal_models: array<vec4<f32>>;

const WORKGROUP: u32 = 128u;
const NONE: u32 = 0xffffffffu;

// A model by its place in the list.
struct Entry {
    score: f32,
    place: u32,
}

var<workgroup> contest: array<Entry, WORKGROUP>;
// The best of each block, as of when it was last looked at.
var<workgroup> block_bests: array<Entry, WORKGROUP>;
var<workgroup> chosen: array<u32, MAX_CANDIDATES>;
var<workgroup> winner: Winner;

struct Winner {
    entry: Entry,
    // 1 where its hypothesis was chosen already, from another block.
    is_stale: u32,
}

fn better(a: Entry, b: Entry) -> Entry {
    if (b.score > a.score || (b.score == a.score && b.place < a.place && b.score > 0.0)) {
        return b;
    }
    return a;
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

// The best of the entries that the invocations have, in the first place of the contest.
fn hold_contest(own: Entry, local: u32) {
    contest[local] = own;
    workgroupBarrier();
    for (var step = WORKGROUP / 2u; step > 0u; step /= 2u) {
        if (local < step) {
            contest[local] = better(contest[local], contest[local + step]);
        }
        workgroupBarrier();
    }
}

// Looks at a block, whose places are those of the invocations of add_shares, for models of hypotheses not chosen yet.
fn look_at_block(block: u32, size: u32, count: u32, slot: u32, ranks: u32, local: u32) {
    let capacity = settings.hypotheses * settings.max_solutions;
    var own = Entry(0.0, NONE);
    for (var place = block * size + local; place < min((block + 1u) * size, count); place += WORKGROUP) {
        let entry = Entry(partial_scores[(slot * capacity + place) * SCORE_SHARES], place);
        if (!is_chosen(hypothesis_of(slot * (capacity + 1u), place), ranks)) {
            own = better(own, entry);
        }
    }
    hold_contest(own, local);
    if (local == 0u) {
        block_bests[block] = contest[0];
    }
    workgroupBarrier();
}

fn write_candidate(slot: u32, rank: u32, list: u32, best: Entry) {
    let to = candidate_place(settings, progress.pairs[slot], progress.round, rank);
    let exists = best.place != NONE;
    candidates[to].score = select(0.0, best.score, exists);
    candidates[to].needed = UNREACHED;
    candidates[to].found = select(0u, 1u, exists);
    chosen[rank] = NONE;
    if (!exists) {
        return;
    }
    let id = lists[list + 1u + best.place];
    let row = 3u * (slot * progress.hypotheses * settings.max_solutions + id);
    chosen[rank] = id / settings.max_solutions;
    candidates[to].model = id;
    candidates[to].hypothesis = progress.first_hypothesis + chosen[rank];
    for (var k = 0u; k < 3u; k++) {
        candidates[to].rows[k] = models[row + k];
        if (settings.kind == FUNDAMENTAL) {
            minimal_models[3u * to + k] = models[row + k];
        }
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
    // a multiple of WORKGROUP, so that an invocation reads the places that it wrote
    let size = WORKGROUP * max(1u, (count + WORKGROUP * WORKGROUP - 1u) / (WORKGROUP * WORKGROUP));
    let blocks = (count + size - 1u) / size;
    add_shares(slot * capacity, count, local);
    block_bests[local] = Entry(0.0, NONE);
    workgroupBarrier();
    for (var block = 0u; block < blocks; block++) {
        look_at_block(block, size, count, slot, 0u, local);
    }
    let ranks = progress.candidates - priors_of(settings, progress.round);
    var rank = 0u;
    while (rank < ranks) {
        hold_contest(block_bests[local], local);
        if (local == 0u) {
            let place = contest[0].place;
            let is_stale = place != NONE && is_chosen(hypothesis_of(list, place), rank);
            winner = Winner(contest[0], select(0u, 1u, is_stale));
        }
        let won = workgroupUniformLoad(&winner);
        let best = won.entry;
        if (won.is_stale == 0u) {
            if (local == 0u) {
                write_candidate(slot, rank, list, best);
            }
            rank++;
        }
        workgroupBarrier();
        if (best.place != NONE) {
            look_at_block(best.place / size, size, count, slot, rank, local);
        }
    }
}
