// Levenberg–Marquardt on a model's own manifold, minimising a robust loss of the residuals (Marquardt 1963; Triggs et al. 2000), by a
// workgroup. Other parts declare WORKGROUP, LANES, the manifold with its normal equations, load_match(index), weight_at(index), which is 0
// where a match takes no part, and loss_and_weight(t). Twin: minimise of src/cpu/search/refine_model.rs.

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
// Matches near the initial model, as far as they are listed, by ascending index.
var<workgroup> near: array<u32, LISTED>;

// Of a pair: its matches, and how far from the initial model they take part, thresholds squared.
struct Fitted {
    metric: vec4<f32>,
    start: u32,
    count: u32,
    reach_sq: f32,
}

// The Cauchy loss of a scale at t = r²/τ² in x, its derivative in y.
fn cauchy(t: f32, scale_sq: f32) -> vec2<f32> {
    return vec2<f32>(scale_sq * log(1.0 + t / scale_sq), scale_sq / (scale_sq + t));
}

// The matches of an invocation, and those of them that are not listed.
struct Share {
    listed: u32, // of the workgroup
    first_left: u32,
    end: u32,
}

fn is_near(fitted: Fitted, start: Residual, index: u32) -> bool {
    return weight_at(index) > 0.0 && residual_sq(start, load_match(index)) < fitted.reach_sq;
}

// Lists the matches of positive weight near the initial model.
fn list_near(fitted: Fitted, start: Residual, local: u32) -> Share {
    let run = (fitted.count + WORKGROUP - 1u) / WORKGROUP;
    let first = fitted.start + min(local * run, fitted.count);
    let end = fitted.start + min((local + 1u) * run, fitted.count);
    var count = 0u;
    for (var index = first; index < end; index++) {
        count += select(0u, 1u, is_near(fitted, start, index));
    }
    let all_near = sum_up(local, count);
    var place = ends[local] - count;
    var index = first;
    while (index < end && place < LISTED) {
        if (is_near(fitted, start, index)) {
            near[place] = index;
            place++;
        }
        index++;
    }
    let listed = min(all_near, LISTED);
    workgroupBarrier();
    return Share(listed, index, end);
}

fn add_match(sums: ptr<function, Sums>, held: Model, fitted: Fitted, index: u32) {
    let x = load_match(index);
    let weight = weight_at(index);
    let terms = residual_terms(held, fitted.metric, x);
    let loss = loss_and_weight(dot(terms.residual, terms.residual));
    (*sums).cost += weight * loss.x;
    let w = weight * loss.y;
    if (w > 0.0) {
        add_terms(sums, held, terms, x, w);
    }
}

// The normal equations of the trial state.
fn accumulate(fitted: Fitted, start: Residual, share: Share, local: u32) {
    prepare_projection(trial, local);
    let held = model;
    var sums = Sums();
    for (var k = local; k < share.listed; k += WORKGROUP) {
        add_match(&sums, held, fitted, near[k]);
    }
    for (var index = share.first_left; index < share.end; index++) {
        if (is_near(fitted, start, index)) {
            add_match(&sums, held, fitted, index);
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

// From start_rows to rows, in so many steps at most.
fn minimise(fitted: Fitted, iterations: u32, local: u32) {
    if (local == 0u) {
        state = state_of(start_rows);
        trial = state;
        model = matrix_at(state);
        damping = FIRST_DAMPING;
    }
    workgroupBarrier();
    let start = make_residual(start_rows, fitted.metric);
    let share = list_near(fitted, start, local);
    accumulate(fitted, start, share, local);
    if (local == 0u) {
        current_cost = totals[COST];
    }
    take_equations(local);
    for (var iteration = 0u; iteration < iterations; iteration++) {
        workgroupBarrier();
        solve_equations(damping, local);
        if (local == 0u) {
            trial = retract(state, step_of());
            model = matrix_at(trial);
        }
        workgroupBarrier();
        accumulate(fitted, start, share, local);
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
}
