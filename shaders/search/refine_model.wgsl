// Levenberg–Marquardt on a model's own manifold, minimising a robust loss of the residuals (Marquardt 1963; Triggs et al.
// 2000); one model a workgroup. Keeps the result, with its score and its inliers, where the score says so.
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
// The smallest relative fall of the cost that f32 resolves and that is worth another step.
const WORTHWHILE: f32 = 1e-5;
const FIRST_DAMPING: f32 = 1e-3;
const LEAST_DAMPING: f32 = 1e-7;
const MOST_DAMPING: f32 = 1e6;

// Matches near the initial model that are listed; others are looked for anew in each step.
const LISTED: u32 = 1280u;
const ACCEPTED: u32 = 1u;
const FINISHED: u32 = 2u;

var<workgroup> lanes: array<vec4<f32>, max(LANES * SUM_VECTORS, 2u * WORKGROUP)>;
// The equations of the accepted state.
var<workgroup> current: array<f32, SYSTEM_SIZE>;
var<workgroup> current_cost: f32;
var<workgroup> state: State;
var<workgroup> trial: State;
var<workgroup> model: Model;
var<workgroup> start_rows: array<vec4<f32>, 3>;
var<workgroup> rows: array<vec4<f32>, 3>;
var<workgroup> damping: f32;
var<workgroup> verdict: u32;
// Of the Cauchy loss.
var<workgroup> scale_sq: f32;
// Where the coherence of the matches begins.
var<workgroup> coherence_start: u32;
// Matches near the initial model, as far as they are listed, by ascending index.
var<workgroup> near: array<u32, LISTED>;

// The loss at t = r²/τ² in x, its derivative in y.
fn loss_and_weight(t: f32) -> vec2<f32> {
    switch refinement.loss {
        case TRUNCATED_LOSS: {
            return select(vec2<f32>(1.0, 0.0), vec2<f32>(t, 1.0), t < 1.0);
        }
        case CAUCHY_LOSS: {
            let s = scale_sq;
            return vec2<f32>(s * log(1.0 + t / s), s / (s + t));
        }
        default: {
            return vec2<f32>(t, 1.0);
        }
    }
}

// The matches of an invocation, and those of them that are not listed.
struct Share {
    listed: u32, // of the workgroup
    first_left: u32,
    end: u32,
}

fn is_near(start: Residual, index: u32) -> bool {
    return weight_at(index) > 0.0 && residual_sq(start, load_match(index)) < refinement.reach_sq;
}

fn weight_at(index: u32) -> f32 {
    if (refinement.by_neighbours != 0u) {
        return coherence[coherence_start + index];
    }
    return refinement_weight(index);
}

// Lists the matches of positive weight near the initial model.
fn list_near(pair: Pair, start: Residual, local: u32) -> Share {
    let run = (pair.match_count + WORKGROUP - 1u) / WORKGROUP;
    let first = pair.match_start + min(local * run, pair.match_count);
    let end = pair.match_start + min((local + 1u) * run, pair.match_count);
    var count = 0u;
    for (var index = first; index < end; index++) {
        count += select(0u, 1u, is_near(start, index));
    }
    let all_near = sum_up(local, count);
    var place = ends[local] - count;
    var index = first;
    while (index < end && place < LISTED) {
        if (is_near(start, index)) {
            near[place] = index;
            place++;
        }
        index++;
    }
    let listed = min(all_near, LISTED);
    workgroupBarrier();
    return Share(listed, index, end);
}

fn add_match(sums: ptr<function, Sums>, held: Model, pair: Pair, index: u32) {
    let x = load_match(index);
    let weight = weight_at(index);
    let terms = residual_terms(held, pair.metric, x);
    let loss = loss_and_weight(dot(terms.residual, terms.residual));
    (*sums).cost += weight * loss.x;
    let w = weight * loss.y;
    if (w > 0.0) {
        add_terms(sums, held, terms, x, w);
    }
}

// The normal equations of the trial state.
fn accumulate(pair: Pair, start: Residual, share: Share, local: u32) {
    prepare_projection(trial, local);
    let held = model;
    var sums = Sums();
    for (var k = local; k < share.listed; k += WORKGROUP) {
        add_match(&sums, held, pair, near[k]);
    }
    for (var index = share.first_left; index < share.end; index++) {
        if (is_near(start, index)) {
            add_match(&sums, held, pair, index);
        }
    }
    add_up(sums, local);
    project(local);
}

fn equation_at(place: u32) -> f32 {
    return current[place];
}

// Whether the trial is taken, which it is where its cost is lower, and whether another step is worth it.
fn judge_trial() -> u32 {
    let before = current_cost;
    let after = totals[COST];
    if (after < before) {
        current_cost = after;
        state = trial;
        damping = max(damping * 0.1, LEAST_DAMPING);
        return ACCEPTED | select(0u, FINISHED, before - after < WORTHWHILE * before);
    }
    damping *= 10.0;
    // not a number, or no step of any length to speak of goes down: this is the minimum
    return select(0u, FINISHED, !(damping <= MOST_DAMPING) || abs(after - before) < WORTHWHILE * before);
}

fn take_equations(local: u32) {
    if (local < SYSTEM_SIZE) {
        current[local] = proposed[local];
    }
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
        state = state_of(start_rows);
        trial = state;
        model = matrix_at(state);
        damping = FIRST_DAMPING;
    }
    if (workgroupUniformLoad(&verdict) == 0u) {
        return;
    }
    let pair = pairs[of_model.pair];
    let start = make_residual(start_rows, pair.metric);
    let share = list_near(pair, start, local);
    accumulate(pair, start, share, local);
    if (local == 0u) {
        current_cost = totals[COST];
    }
    take_equations(local);
    for (var iteration = 0u; iteration < refinement.iterations; iteration++) {
        workgroupBarrier();
        solve_equations(damping, local);
        if (local == 0u) {
            trial = retract(state, step_of());
            model = matrix_at(trial);
        }
        workgroupBarrier();
        accumulate(pair, start, share, local);
        if (local == 0u) {
            verdict = judge_trial();
        }
        let judged = workgroupUniformLoad(&verdict);
        if ((judged & ACCEPTED) != 0u) {
            take_equations(local);
        }
        if ((judged & FINISHED) != 0u) {
            break;
        }
    }
    if (local == 0u) {
        rows = rows_at(state);
    }
    workgroupBarrier();
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
