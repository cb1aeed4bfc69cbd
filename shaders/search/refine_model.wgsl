// Levenberg–Marquardt on a model's own manifold, minimising a robust loss of the residuals (Marquardt 1963; Triggs et al.
// 2000); one model a workgroup. Keeps the result, with its score and its inliers, where the score says so.
// Twin: src/cpu/search/refine_model.rs.

@group(0) @binding(0) var<storage, read> settings: Settings;
@group(0) @binding(1) var<storage, read> refinement: Refinement;
@group(0) @binding(2) var<storage, read> progress: Progress;
@group(0) @binding(3) var<storage, read> pairs: array<Pair>;
@group(0) @binding(4) var<storage, read> matches: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> match_weights: array<vec2<f32>>;
@group(0) @binding(6) var<storage, read> weight_sums: array<vec2<u32>>;
@group(0) @binding(7) var<storage, read_write> candidates: array<Candidate>;

const WORKGROUP: u32 = 128u;
const LANES: u32 = 32u;
// The smallest relative fall of the cost that f32 resolves and that is worth another step.
const WORTHWHILE: f32 = 1e-5;
const FIRST_DAMPING: f32 = 1e-3;
const LEAST_DAMPING: f32 = 1e-7;
const MOST_DAMPING: f32 = 1e6;

var<workgroup> lanes: array<vec4<f32>, LANES * EQUATION_VECTORS>;
var<workgroup> system: array<array<f32, 9>, 8>;
var<workgroup> current: array<vec4<f32>, EQUATION_VECTORS>;
var<workgroup> tangents: array<array<vec4<f32>, 3>, 8>;
var<workgroup> matrix: array<vec4<f32>, 3>;
var<workgroup> start_rows: array<vec4<f32>, 3>;
var<workgroup> rows: array<vec4<f32>, 3>;
var<workgroup> trial: array<vec4<f32>, 3>;
var<workgroup> damping: f32;
var<workgroup> goes_on: u32;

fn load_match(index: u32) -> Match {
    return make_match(matches[index * MATCH_VECTORS], matches[index * MATCH_VECTORS + MATCH_VECTORS - 1u]);
}

// The loss at t = r²/τ² in x, its derivative in y.
fn loss_and_weight(t: f32) -> vec2<f32> {
    switch refinement.loss {
        case TRUNCATED_LOSS: {
            return select(vec2<f32>(1.0, 0.0), vec2<f32>(t, 1.0), t < 1.0);
        }
        case CAUCHY_LOSS: {
            let s = refinement.scale_sq;
            return vec2<f32>(s * log(1.0 + t / s), s / (s + t));
        }
        default: {
            return vec2<f32>(t, 1.0);
        }
    }
}

// The tangents of the trial model, one an invocation.
fn prepare_trial(local: u32) {
    if (local < 8u) {
        var t = array<vec4<f32>, 3>();
        if (local < PARAMETERS) {
            t = tangent(trial, local);
        }
        tangents[local] = t;
    }
    if (local == 8u) {
        matrix = model_matrix(trial);
    }
    workgroupBarrier();
}

fn add_match(sums: ptr<function, NormalEquations>, pair: Pair, x: Match, weight: f32) {
    let terms = residual_terms(matrix, pair.metric, x);
    let loss = loss_and_weight(dot(terms.residual, terms.residual));
    (*sums).cost += weight * loss.x;
    let w = weight * loss.y;
    if (w <= 0.0) {
        return;
    }
    let d0 = derivative(tangents[0], terms, x);
    let d1 = derivative(tangents[1], terms, x);
    let d2 = derivative(tangents[2], terms, x);
    let d3 = derivative(tangents[3], terms, x);
    let d4 = derivative(tangents[4], terms, x);
    var d5 = vec3<f32>();
    var d6 = vec3<f32>();
    var d7 = vec3<f32>();
    if (PARAMETERS > 5u) {
        d5 = derivative(tangents[5], terms, x);
    }
    if (PARAMETERS > 6u) {
        d6 = derivative(tangents[6], terms, x);
    }
    if (PARAMETERS > 7u) {
        d7 = derivative(tangents[7], terms, x);
    }
    let r = terms.residual;
    add_row(sums, vec4<f32>(d0.x, d1.x, d2.x, d3.x), vec4<f32>(d4.x, d5.x, d6.x, d7.x), r.x, w);
    if (DIMENSIONS > 1u) {
        add_row(sums, vec4<f32>(d0.y, d1.y, d2.y, d3.y), vec4<f32>(d4.y, d5.y, d6.y, d7.y), r.y, w);
    }
    if (DIMENSIONS > 2u) {
        add_row(sums, vec4<f32>(d0.z, d1.z, d2.z, d3.z), vec4<f32>(d4.z, d5.z, d6.z, d7.z), r.z, w);
    }
}

// The normal equations of the trial model, in the first lane.
fn accumulate(pair: Pair, start: Residual, local: u32) {
    var sums = NormalEquations();
    for (var k = local; k < pair.match_count; k += WORKGROUP) {
        let index = pair.match_start + k;
        let x = load_match(index);
        var weight = 1.0;
        if (settings.weigh_matches != 0u) {
            weight = match_weights[index].y;
        }
        if (weight > 0.0 && residual_sq(start, x) < refinement.reach_sq) {
            add_match(&sums, pair, x, weight);
        }
    }
    let vectors = equation_vectors(sums);
    // workgroup memory holds a quarter of the invocations at a time
    let lane = (local % LANES) * EQUATION_VECTORS;
    for (var turn = 0u; turn < WORKGROUP / LANES; turn++) {
        if (local / LANES == turn) {
            for (var v = 0u; v < EQUATION_VECTORS; v++) {
                if (turn == 0u) {
                    lanes[lane + v] = vectors[v];
                } else {
                    lanes[lane + v] += vectors[v];
                }
            }
        }
        workgroupBarrier();
    }
    for (var step = LANES / 2u; step > 0u; step /= 2u) {
        for (var k = local; k < step * EQUATION_VECTORS; k += WORKGROUP) {
            lanes[k] += lanes[step * EQUATION_VECTORS + k];
        }
        workgroupBarrier();
    }
}

fn hessian_entry(row: u32, column: u32) -> f32 {
    let low = min(row, column);
    let high = max(row, column);
    // block 0: both below 4; 1: column 4..8 of row 0..4; 2: both from 4 on
    let block = low / 4u + high / 4u;
    return current[block * 4u + high % 4u][low % 4u];
}

// Fills (JᵀJ + damping) δ = −Jᵀr and solves it by Gauss–Jordan elimination, an entry an invocation; δ is the last column.
fn solve_step(local: u32) {
    let row = min(local / 9u, 7u);
    let column = local % 9u;
    let works = local < 72u;
    if (works) {
        var entry = 0.0;
        if (column == 8u) {
            entry = -current[12u + row / 4u][row % 4u];
        } else {
            entry = hessian_entry(row, column);
        }
        if (row == column) {
            entry = select(1.0, entry * (1.0 + damping), entry > 0.0);
        }
        system[row][column] = entry;
    }
    workgroupBarrier();
    for (var k = 0u; k < 8u; k++) {
        let scaled = system[k][column] / system[k][k];
        let reduced = select(system[row][column] - system[row][k] * scaled, scaled, row == k);
        workgroupBarrier();
        if (works) {
            system[row][column] = reduced;
        }
        workgroupBarrier();
    }
}

fn step_of() -> array<f32, 8> {
    return array<f32, 8>(
        system[0][8], system[1][8], system[2][8], system[3][8],
        system[4][8], system[5][8], system[6][8], system[7][8],
    );
}

fn take_trial() {
    for (var v = 0u; v < EQUATION_VECTORS; v++) {
        current[v] = lanes[v];
    }
    rows = trial;
}

// Takes the trial where its cost is lower; whether another step is worth it.
fn judge_trial() {
    let before = current[14].x;
    let after = lanes[14].x;
    goes_on = 1u;
    if (after < before) {
        take_trial();
        damping = max(damping * 0.1, LEAST_DAMPING);
        if (before - after < WORTHWHILE * before) {
            goes_on = 0u;
        }
        return;
    }
    damping *= 10.0;
    // not a number, or no step of any length to speak of goes down: this is the minimum
    if (!(damping <= MOST_DAMPING) || abs(after - before) < WORTHWHILE * before) {
        goes_on = 0u;
    }
}

// What a match weighs in both weightings of the sampler, as shares of all.
fn sampling_shares(pair: Pair, index: u32) -> vec2<f32> {
    if (settings.weigh_sampling == BY_NOTHING) {
        return vec2<f32>(1.0 / f32(pair.match_count));
    }
    let total = weight_sums[pair.match_start + pair.match_count - 1u];
    let before = select(vec2<u32>(), weight_sums[max(index, 1u) - 1u], index > pair.match_start);
    return vec2<f32>(weight_sums[index] - before) / vec2<f32>(max(total, vec2<u32>(1u)));
}

// Of the rows: score and number of inliers that may be sampled, then in both weightings their shares and the squares of these;
// two vectors in the first lane.
fn score_rows(pair: Pair, local: u32) {
    let model = make_residual(rows, pair.metric);
    var score = 0.0;
    var inliers = 0.0;
    var shares = vec2<f32>();
    var squares = vec2<f32>();
    for (var k = local; k < pair.match_count; k += WORKGROUP) {
        let index = pair.match_start + k;
        let t = residual_sq(model, load_match(index));
        var weight = 1.0;
        if (settings.weigh_matches != 0u) {
            weight = match_weights[index].x;
        }
        score += weight * gain(t);
        if (t < 1.0) {
            let share = sampling_shares(pair, index);
            inliers += select(0.0, 1.0, share.x > 0.0);
            shares += share;
            squares += share * share;
        }
    }
    lanes[2u * local] = vec4<f32>(score, inliers, shares);
    lanes[2u * local + 1u] = vec4<f32>(squares, 0.0, 0.0);
    workgroupBarrier();
    for (var step = WORKGROUP / 2u; step > 0u; step /= 2u) {
        if (local < step) {
            lanes[2u * local] += lanes[2u * (local + step)];
            lanes[2u * local + 1u] += lanes[2u * (local + step) + 1u];
        }
        workgroupBarrier();
    }
}

// ln(1 − chance) of a sample of inliers only, by their share and the squares of the shares; as `chance` of the twin of the rule,
// src/ransac/stages/stopping.rs.
fn log_miss(inliers: f32, share: f32, squares: f32) -> f32 {
    if (inliers + 0.5 < f32(settings.sample_size)) {
        return 0.0;
    }
    let drawn = squares / share;
    var chance = 1.0;
    for (var j = 0u; j < settings.sample_size; j++) {
        let gone = f32(j) * drawn;
        chance *= select(1.0, max((share - gone) / (1.0 - gone), 0.0), gone < 1.0);
    }
    // by its series where 1 − p would round
    return select(log(max(1.0 - chance, 1e-30)), -chance * (1.0 + 0.5 * chance), chance < 1e-3);
}

// Hypotheses after which the confidence asked for is reached with the inliers that score_rows has summed.
fn needed_hypotheses() -> u32 {
    let sums = lanes[0];
    let first = log_miss(sums.y, sums.z, lanes[1].x);
    let later = 0.5 * (first + log_miss(sums.y, sums.w, lanes[1].y));
    let of_first = f32(ALTERNATE_FROM) * first;
    var needed = settings.log_miss / min(first, -1e-30);
    if (of_first > settings.log_miss) {
        needed = f32(ALTERNATE_FROM) + (settings.log_miss - of_first) / min(later, -1e-30);
    }
    return u32(min(ceil(needed), 4e9));
}

@compute @workgroup_size(128)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = workgroup_index(workgroup, workgroups);
    var pair_index = min(index, settings.pair_count - 1u);
    var place = pair_index;
    var exists = index < settings.pair_count;
    if (refinement.candidates > 0u) {
        exists = index < progress.active_pairs * refinement.candidates;
        pair_index = progress.pairs[min(index / refinement.candidates, settings.pair_count - 1u)];
        place = candidate_place(settings, pair_index, progress.round, index % refinement.candidates);
    }
    if (local == 0u) {
        goes_on = select(0u, candidates[place].found, exists);
        rows = candidates[place].rows;
        start_rows = rows;
        trial = rows;
        damping = FIRST_DAMPING;
    }
    if (workgroupUniformLoad(&goes_on) == 0u) {
        return;
    }
    let pair = pairs[pair_index];
    let start = make_residual(start_rows, pair.metric);
    prepare_trial(local);
    accumulate(pair, start, local);
    if (local == 0u) {
        take_trial();
    }
    workgroupBarrier();
    for (var iteration = 0u; iteration < refinement.iterations; iteration++) {
        solve_step(local);
        if (local == 0u) {
            trial = retract(rows, step_of());
        }
        workgroupBarrier();
        prepare_trial(local);
        accumulate(pair, start, local);
        if (local == 0u) {
            judge_trial();
        }
        if (workgroupUniformLoad(&goes_on) == 0u) {
            break;
        }
    }
    score_rows(pair, local);
    if (local == 0u) {
        goes_on = select(0u, 1u, lanes[0].x >= refinement.keep_above * candidates[place].score);
    }
    if (workgroupUniformLoad(&goes_on) == 0u) {
        if (local == 0u) {
            rows = start_rows;
        }
        workgroupBarrier();
        score_rows(pair, local);
    }
    if (local == 0u) {
        candidates[place].rows = rows;
        candidates[place].score = lanes[0].x;
        candidates[place].needed = needed_hypotheses();
    }
}
