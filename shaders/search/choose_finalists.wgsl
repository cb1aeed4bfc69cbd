// Of a pair's candidates, those that are refined to the last: first the winner, by the final score; then, of motions, the best
// others that may become its rivals. One pair a workgroup.
// Twin: src/cpu/search/choose_finalists.rs.

@group(0) @binding(0) var<uniform> settings: Settings;
// places among the finalists of a pair: the first, and how many
@group(0) @binding(1) var<uniform> chosen: vec2<u32>;
@group(0) @binding(2) var<storage, read> candidates: array<Candidate>;
@group(0) @binding(3) var<storage, read_write> finalists: array<Candidate>;

const WORKGROUP: u32 = 64u;
var<workgroup> winner: Candidate;

fn is_eligible(candidate: u32) -> bool {
    if (candidates[candidate].found == 0u) {
        return false;
    }
    if (chosen.x == 0u) {
        return true;
    }
    let is_near = candidates[candidate].final_score >= REFINED_SHARE * winner.final_score;
    return is_near && !is_same_motion(winner.rows, candidates[candidate].rows);
}

fn rank_score(candidate: u32) -> f32 {
    return candidates[candidate].final_score;
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
    let base = pair * settings.candidates_a_pair;
    var last = before_all();
    for (var k = 0u; k < chosen.y; k++) {
        last = best_behind(last, base, settings.candidates_a_pair, local);
        if (local == 0u) {
            let to = pair * FINALIST_PLACES + chosen.x + k;
            finalists[to].found = 0u;
            if (last.place != NONE) {
                finalists[to] = candidates[base + last.place];
                finalists[to].least = KEEP_FINAL * candidates[base + last.place].final_score;
                finalists[to].scale_sq = 0.0;
            }
        }
    }
}
