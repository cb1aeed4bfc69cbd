// The model at a local minimum of a robust loss near another one; one model a workgroup. Keeps it, with its score and its inliers, where
// the score says so.
// Twin: src/cpu/search/refine_model.rs.

@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<uniform> refinement: Refinement;
@group(0) @binding(2) var<storage, read> progress: Progress;
@group(0) @binding(3) var<storage, read> pairs: array<Pair>;
@group(0) @binding(4) var<storage, read> matches: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> match_facts: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read> weight_sums: array<vec2<u32>>;
// those of the search, or the finalists
@group(0) @binding(7) var<storage, read_write> candidates: array<Candidate>;
// what the neighbours of each match say of the finalists, one list of all matches after the other
@group(0) @binding(8) var<storage, read> coherence: array<f32>;

const WORKGROUP: u32 = 128u;
const LANES: u32 = 32u;

// Of the Cauchy loss.
var<workgroup> scale_sq: f32;
// Where the coherence of the matches begins.
var<workgroup> coherence_start: u32;

// The loss at t = r²/τ² in x, its derivative in y.
fn loss_and_weight(t: f32) -> vec2<f32> {
    switch refinement.loss {
        case TRUNCATED_LOSS: {
            return select(vec2<f32>(1.0, 0.0), vec2<f32>(t, 1.0), t < 1.0);
        }
        case CAUCHY_LOSS: {
            return cauchy(t, scale_sq);
        }
        default: {
            return vec2<f32>(t, 1.0);
        }
    }
}

fn weight_at(index: u32) -> f32 {
    if (refinement.by_neighbours != 0u) {
        return coherence[coherence_start + index];
    }
    return refinement_weight(index);
}

// Of the rows: score, number of inliers that may be sampled, then in both weightings their shares and the squares of these, and the
// final score; two vectors in the first lane.
fn score_rows(pair: Pair, local: u32) {
    let model = make_residual(rows, pair.metric);
    var score = 0.0;
    var final_score = 0.0;
    var inliers = 0.0;
    var shares = vec2<f32>();
    var squares = vec2<f32>();
    for (var k = local; k < pair.match_count; k += WORKGROUP) {
        let index = pair.match_start + k;
        let match_ = load_match(index);
        let t = residual_sq(model, match_);
        var counted = gain(t);
        var agrees = 1.0;
        if (settings.weigh_matches != 0u) {
            let facts = match_facts[index];
            counted *= facts.x;
            if (counted > 0.0 && settings.key_points != 0u) {
                agrees = agreement(model, match_, facts.zw);
            }
        }
        score += counted;
        final_score += counted * agrees;
        if (t < 1.0) {
            let share = sampling_shares(pair, index);
            inliers += select(0.0, 1.0, share.x > 0.0);
            shares += share;
            squares += share * share;
        }
    }
    lanes[2u * local] = vec4<f32>(score, inliers, shares);
    lanes[2u * local + 1u] = vec4<f32>(squares, final_score, 0.0);
    workgroupBarrier();
    for (var step = WORKGROUP / 2u; step > 0u; step /= 2u) {
        if (local < step) {
            lanes[2u * local] += lanes[2u * (local + step)];
            lanes[2u * local + 1u] += lanes[2u * (local + step) + 1u];
        }
        workgroupBarrier();
    }
}

// Hypotheses after which the confidence asked for is reached with the inliers that score_rows has summed.
fn needed_hypotheses() -> u32 {
    let sums = lanes[0];
    let misses = log_misses(sums.y, sums.zw, lanes[1].xy);
    let of_first = f32(ALTERNATE_FROM) * misses.x;
    var needed = settings.log_miss / min(misses.x, -1e-30);
    if (of_first > settings.log_miss) {
        needed = f32(ALTERNATE_FROM) + (settings.log_miss - of_first) / min(misses.y, -1e-30);
    }
    return u32(min(ceil(needed), 4e9));
}

// Whether the refined rows, which score_rows has scored, are kept.
fn is_kept(place: u32) -> bool {
    switch refinement.keep {
        case KEEP_BETTER: {
            return lanes[0].x >= candidates[place].score;
        }
        case KEEP_ENOUGH, KEEP_OR_RESTORE: {
            return lanes[1].z >= candidates[place].least;
        }
        default: {
            return true;
        }
    }
}

// The place of a model, and its pair.
struct Place {
    pair: u32,
    place: u32,
    exists: bool,
}

fn place_at(index: u32) -> Place {
    let last = max(settings.pair_count, 1u) - 1u;
    if (refinement.count == 0u) {
        let pair = progress.pairs[min(index / progress.candidates, last)];
        let place = candidate_place(settings, pair, progress.round, index % progress.candidates);
        return Place(pair, place, index < progress.active_pairs * progress.candidates);
    }
    let pair = min(index / refinement.count, last);
    let place = pair * refinement.stride + refinement.first + index % refinement.count;
    return Place(pair, place, index < settings.pair_count * refinement.count);
}

@compute @workgroup_size(128)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = workgroup_index(workgroup, workgroups);
    let of_model = place_at(index);
    let place = of_model.place;
    if (local == 0u) {
        let has_scale = refinement.scale_sq > 0.0 || candidates[place].scale_sq > 0.0;
        verdict = select(0u, candidates[place].found, of_model.exists && has_scale);
        start_rows = candidates[place].rows;
        scale_sq = select(candidates[place].scale_sq, refinement.scale_sq, refinement.scale_sq > 0.0);
        coherence_start = (index % max(refinement.count, 1u)) * settings.match_capacity;
    }
    if (workgroupUniformLoad(&verdict) == 0u) {
        return;
    }
    let pair = pairs[of_model.pair];
    minimise(Fitted(pair.metric, pair.match_start, pair.match_count, refinement.reach_sq), refinement.iterations, local);
    score_rows(pair, local);
    if (local == 0u) {
        verdict = select(0u, 1u, is_kept(place));
    }
    if (workgroupUniformLoad(&verdict) == 0u) {
        if (local == 0u) {
            rows = start_rows;
            if (refinement.keep == KEEP_OR_RESTORE) {
                rows = candidates[place + FINALISTS].rows;
            }
        }
        workgroupBarrier();
        score_rows(pair, local);
    }
    if (local == 0u) {
        if (refinement.keep == KEEP_AND_SAVE) {
            candidates[place + FINALISTS].rows = start_rows;
        }
        candidates[place].rows = rows;
        candidates[place].score = lanes[0].x;
        candidates[place].final_score = lanes[1].z;
        candidates[place].needed = needed_hypotheses();
    }
}
