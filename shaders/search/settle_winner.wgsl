// Of the winner and the first other motion that is still another after its last refinement, the better one becomes the pair's
// model, the other one its second motion; one pair a workgroup.
// Twin: src/cpu/search/settle_winner.rs.

@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> pairs: array<Pair>;
@group(0) @binding(2) var<storage, read> matches: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> finalists: array<Candidate>;
@group(0) @binding(4) var<storage, read_write> best: array<Candidate>;
@group(0) @binding(5) var<storage, read_write> diagnoses: array<PairDiagnosis>;

const WORKGROUP: u32 = 128u;
const NONE: u32 = 0xffffffffu;

var<workgroup> second: u32;

// The place of the first of the others that is another motion than the winner.
fn first_other(first: u32) -> u32 {
    for (var k = 1u; k < FINALISTS; k++) {
        if (finalists[first + k].found != 0u && !is_same_motion(finalists[first].rows, finalists[first + k].rows)) {
            return first + k;
        }
    }
    return NONE;
}

fn count_inliers(pair: Pair, rows: array<vec4<f32>, 3>, local: u32) -> u32 {
    let model = make_residual(rows, pair.metric);
    var count = 0u;
    for (var k = local; k < pair.match_count; k += WORKGROUP) {
        count += select(0u, 1u, residual_sq(model, load_match(pair.match_start + k)) < 1.0);
    }
    return sum_up(local, count);
}

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = workgroup_index(workgroup, workgroups);
    if (index >= settings.pair_count) {
        return;
    }
    let first = index * FINALIST_PLACES;
    if (local == 0u) {
        best[index] = finalists[first];
        diagnoses[index] = PairDiagnosis();
        second = NONE;
        if (settings.kind == ESSENTIAL && settings.diagnose != 0u && finalists[first].found != 0u) {
            second = first_other(first);
        }
    }
    let other = workgroupUniformLoad(&second);
    if (other == NONE) {
        return;
    }
    let count = count_inliers(pairs[index], finalists[other].rows, local);
    if (local != 0u || count <= settings.sample_size) {
        return;
    }
    var winner = finalists[first];
    var loser = finalists[other];
    if (loser.final_score > winner.final_score) {
        winner = finalists[other];
        loser = finalists[first];
    }
    best[index] = winner;
    if (loser.final_score < RIVAL_SHARE * winner.final_score) {
        return;
    }
    diagnoses[index].second_motion = loser.rows;
    diagnoses[index].second_score = loser.final_score;
    let is_ambiguous = loser.final_score >= AMBIGUOUS_SHARE * winner.final_score;
    diagnoses[index].flags = HAS_SECOND_MOTION | select(0u, AMBIGUOUS, is_ambiguous);
}
