// Between two rounds: takes each pair's best refined model over, decides by the stopping rule which pairs go on, packs
// them, and writes how many workgroups each stage of the next round has. One workgroup in all; the first call only plans.
// Twin of the rule, with what refine_model leaves: src/ransac/stages/stopping.rs.

@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read_write> pairs: array<Pair>;
@group(0) @binding(2) var<storage, read> candidates: array<Candidate>;
@group(0) @binding(3) var<storage, read_write> best: array<Candidate>;
// its pairs: those of this round, then room for as many
@group(0) @binding(4) var<storage, read_write> progress: Progress;
// workgroups (x, y, z) of: a hypothesis an invocation; a pair a workgroup; a candidate a workgroup; the solver
@group(0) @binding(5) var<storage, read_write> workgroups: array<u32>;
// [0]: hypotheses in all; [1..4]: workgroups of the scoring, x to be found
@group(0) @binding(6) var<storage, read_write> round_counts: array<u32>;

const WORKGROUP: u32 = 256u;
const MAX_WORKGROUPS: u32 = 65535u;
const FINISHED: u32 = 0xffffffffu;

// Takes over the round's best candidate of the pair; whether the pair goes on.
fn goes_on(pair: u32) -> bool {
    for (var k = 0u; k < progress.candidates; k++) {
        let from_ = candidate_place(settings, pair, progress.round, k);
        if (candidates[from_].found != 0u && (best[pair].found == 0u || candidates[from_].score > best[pair].score)) {
            best[pair] = candidates[from_];
        }
    }
    let drawn = pairs[pair].iterations + progress.hypotheses;
    pairs[pair].iterations = drawn;
    if (drawn >= pairs[pair].budget) {
        return false;
    }
    return drawn < settings.min_iterations || best[pair].found == 0u || drawn < best[pair].needed;
}

fn write_workgroups(place: u32, count: u32) {
    let rows = (count + MAX_WORKGROUPS - 1u) / MAX_WORKGROUPS;
    workgroups[place] = select(0u, (count + rows - 1u) / max(rows, 1u), count > 0u);
    workgroups[place + 1u] = rows;
    workgroups[place + 2u] = 1u;
}

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) local: u32) {
    let is_first = progress.round == 0u;
    let slots = select(progress.active_pairs, settings.pair_count, is_first);
    let run = (slots + WORKGROUP - 1u) / WORKGROUP;
    let start = min(local * run, slots);
    let end = min(start + run, slots);
    var count = 0u;
    for (var slot = start; slot < end; slot++) {
        var pair = slot;
        var active_ = false;
        if (is_first) {
            active_ = pairs[slot].flags == 0u;
        } else {
            pair = progress.pairs[slot];
            active_ = goes_on(pair);
        }
        progress.pairs[slot] = select(FINISHED, pair, active_);
        count += select(0u, 1u, active_);
    }
    let left_pairs = sum_up(local, count);
    var place = settings.pair_count + ends[local] - count;
    for (var slot = start; slot < end; slot++) {
        if (progress.pairs[slot] != FINISHED) {
            progress.pairs[place] = progress.pairs[slot];
            place++;
        }
    }
    storageBarrier();
    workgroupBarrier();
    for (var slot = local; slot < left_pairs; slot += WORKGROUP) {
        progress.pairs[slot] = progress.pairs[settings.pair_count + slot];
    }
    if (local == 0u) {
        let first_hypothesis = select(progress.first_hypothesis + progress.hypotheses, 0u, is_first);
        let left = max(settings.max_iterations, first_hypothesis) - first_hypothesis;
        let hypotheses = min(clamp(first_hypothesis, settings.first_round, settings.hypotheses), left);
        progress.active_pairs = left_pairs;
        progress.hypotheses = hypotheses;
        progress.first_hypothesis = first_hypothesis;
        progress.round += 1u;
        progress.candidates = clamp(hypotheses / HYPOTHESES_A_CANDIDATE, LEAST_CANDIDATES, MAX_CANDIDATES)
            + priors_of(settings, progress.round);
        let drawn = left_pairs * hypotheses;
        write_workgroups(0u, (drawn + 63u) / 64u);
        write_workgroups(3u, left_pairs);
        write_workgroups(6u, left_pairs * progress.candidates);
        write_workgroups(9u, (drawn + settings.solver_hypotheses - 1u) / settings.solver_hypotheses);
        round_counts[0] = drawn;
        round_counts[1] = 0u;
        let rows = (left_pairs + MAX_WORKGROUPS - 1u) / MAX_WORKGROUPS;
        round_counts[2] = (left_pairs + max(rows, 1u) - 1u) / max(rows, 1u);
        round_counts[3] = rows * SCORE_SHARES;
    }
}
