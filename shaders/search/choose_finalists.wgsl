// Of a pair's candidates, those that are refined to the last: first the winner, by the final score; then, of motions, the best
// others that may become its rivals. One pair a workgroup.
// Twin: src/cpu/search/choose_finalists.rs.

@group(0) @binding(0) var<uniform> settings: Settings;
// places among the finalists of a pair: the first, and how many
@group(0) @binding(1) var<uniform> chosen: vec2<u32>;
@group(0) @binding(2) var<storage, read> candidates: array<Candidate>;
@group(0) @binding(3) var<storage, read_write> finalists: array<Candidate>;

const WORKGROUP: u32 = 64u;
const NONE: u32 = 0xffffffffu;

struct Entry {
    score: f32,
    place: u32,
}

var<workgroup> contest: array<Entry, WORKGROUP>;
var<workgroup> winner: Candidate;

// The better one, the earlier of equals.
fn better(a: Entry, b: Entry) -> Entry {
    if (b.place != NONE && (a.place == NONE || b.score > a.score || (b.score == a.score && b.place < a.place))) {
        return b;
    }
    return a;
}

fn is_eligible(place: u32) -> bool {
    if (candidates[place].found == 0u) {
        return false;
    }
    if (chosen.x == 0u) {
        return true;
    }
    let is_near = candidates[place].final_score >= REFINED_SHARE * winner.final_score;
    return is_near && !is_same_motion(winner.rows, candidates[place].rows);
}

// The best of a pair that comes after `last` in their order.
fn best_after(last: Entry, first: u32, local: u32) -> Entry {
    var own = Entry(0.0, NONE);
    for (var place = first + local; place < first + settings.candidates_a_pair; place += WORKGROUP) {
        let entry = Entry(candidates[place].final_score, place);
        let is_after = place != last.place && (last.place == NONE || better(entry, last).place == last.place);
        if (is_after && is_eligible(place)) {
            own = better(own, entry);
        }
    }
    contest[local] = own;
    workgroupBarrier();
    for (var step = WORKGROUP / 2u; step > 0u; step /= 2u) {
        if (local < step) {
            contest[local] = better(contest[local], contest[local + step]);
        }
        workgroupBarrier();
    }
    return workgroupUniformLoad(&contest[0]);
}

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let pair = workgroup_index(workgroup, workgroups);
    if (pair >= settings.pair_count) {
        return;
    }
    if (local == 0u) {
        winner = finalists[pair * FINALIST_PLACES];
    }
    workgroupBarrier();
    var last = Entry(0.0, NONE);
    var is_over = false;
    for (var k = 0u; k < chosen.y; k++) {
        let best = best_after(last, pair * settings.candidates_a_pair, local);
        is_over = is_over || best.place == NONE;
        if (local == 0u) {
            let to = pair * FINALIST_PLACES + chosen.x + k;
            finalists[to].found = select(1u, 0u, is_over);
            if (!is_over) {
                finalists[to] = candidates[best.place];
                finalists[to].least = KEEP_FINAL * candidates[best.place].final_score;
                finalists[to].scale_sq = 0.0;
            }
        }
        last = best;
    }
}
