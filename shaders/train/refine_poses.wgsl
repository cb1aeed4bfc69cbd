// Poses refined on their inliers while these grow in number, a workgroup a pose. params of its own: rounds, fewest inliers.
// Twin: src/cpu/train/refine_poses.rs.

@group(0) @binding(1) var<storage, read> matches: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> starts: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> models: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> flags: array<f32>; // three a pose: valid, inliers, gradient usable
@group(0) @binding(5) var<storage, read_write> states: array<vec4<f32>>; // STATE a pose: chosen by, frame, inverse Hessian

const UNKNOWNS: u32 = 6u;
// Of the twin, with what single precision resolves.
const MAX_CONDITION: f32 = 1e6;
const STEPS: u32 = 8u;
const SETTLED: f32 = 1e-3;
const FIRST_DAMPING: f32 = 1e-4;
const MOST_DAMPING: f32 = 1e4;
const LAST_STEPS: u32 = 8u;
const LAST_STEP_SQ: f32 = 1e-10;
const LARGEST_LAST_STEP_SQ: f32 = 1e-6;

const GOES_ON: u32 = 1u;
const ENDS: u32 = 0u;

var<workgroup> pose: Motion;
var<workgroup> trial: Motion;
var<workgroup> current: Sums;
var<workgroup> damping: f32;
var<workgroup> verdict: u32;
var<workgroup> last_step_sq: f32;

// A workgroup's share of a pair.
struct Share {
    first: u32,
    end: u32,
    metric: vec4<f32>,
}

fn match_at(index: u32) -> Match {
    return make_match(matches[2u * index], matches[2u * index + 1u]);
}

// Of the matches near a pose: how many in w, and the sum of their points; then that of their squared distances from a centre.
fn sum_near(chosen: Residual, share: Share, local: u32) -> vec4<f32> {
    var sum = vec4<f32>();
    for (var i = share.first; i < share.end; i += 64u) {
        let match_ = match_at(i);
        sum += select(vec4<f32>(), vec4<f32>(match_.a.xyz, 1.0), residual_sq(chosen, match_) < 1.0);
    }
    return workgroup_sum(local, sum);
}

fn sum_distances(chosen: Residual, centre: vec3<f32>, share: Share, local: u32) -> f32 {
    var sum = 0.0;
    for (var i = share.first; i < share.end; i += 64u) {
        let match_ = match_at(i);
        let d = match_.a.xyz - centre;
        sum += select(0.0, dot(d, d), residual_sq(chosen, match_) < 1.0);
    }
    return workgroup_sum(local, vec4<f32>(sum)).x;
}

fn system_of(motion: Motion, frame: Frame, chosen: Residual, share: Share, whole: f32, local: u32) -> Sums {
    var sums = Sums();
    for (var i = share.first; i < share.end; i += 64u) {
        let match_ = match_at(i);
        if (residual_sq(chosen, match_) < 1.0) {
            add_match(&sums, motion, frame, match_, share.metric, whole);
        }
    }
    for (var k = 0u; k < 9u; k++) {
        sums[k] = workgroup_sum(local, sums[k]);
    }
    return sums;
}

// The trial one damped step on.
fn propose(frame: Frame) -> u32 {
    let step = step_of(current, frame.w, damping);
    trial = moved(pose, frame, step.values);
    last_step_sq = size_sq(step.values);
    return select(ENDS, GOES_ON, step.found);
}

// Takes the trial where its loss is lower.
fn judge(next: Sums) -> u32 {
    let before = loss_of(current);
    let after = loss_of(next);
    if (after < before) {
        pose = trial;
        current = next;
        damping *= 0.1;
        return select(GOES_ON, ENDS, after > (1.0 - SETTLED) * before);
    }
    damping *= 100.0;
    return select(GOES_ON, ENDS, damping > MOST_DAMPING || after < (1.0 + SETTLED) * before);
}

// The same for Newton's method, near the minimum.
fn judge_last(next: Sums) -> u32 {
    // written so that NaN fails it too
    if (!(loss_of(next) <= 1.0001 * loss_of(current) + 1e-6)) {
        last_step_sq = 1.0;
        return ENDS;
    }
    pose = trial;
    current = next;
    return select(GOES_ON, ENDS, last_step_sq < LAST_STEP_SQ);
}

fn descend(frame: Frame, chosen: Residual, share: Share, local: u32) {
    let first = system_of(pose, frame, chosen, share, 0.0, local);
    if (local == 0u) {
        current = first;
        damping = FIRST_DAMPING;
    }
    for (var k = 0u; k < STEPS; k++) {
        if (local == 0u) {
            verdict = propose(frame);
        }
        if (workgroupUniformLoad(&verdict) == ENDS) {
            break;
        }
        let next = system_of(trial, frame, chosen, share, 0.0, local);
        if (local == 0u) {
            verdict = judge(next);
        }
        if (workgroupUniformLoad(&verdict) == ENDS) {
            break;
        }
    }
}

fn minimise(frame: Frame, chosen: Residual, share: Share, local: u32) {
    let first = system_of(pose, frame, chosen, share, 1.0, local);
    if (local == 0u) {
        current = first;
        damping = 0.0;
    }
    for (var k = 0u; k < LAST_STEPS; k++) {
        if (local == 0u) {
            verdict = propose(frame);
            last_step_sq = select(1.0, last_step_sq, verdict == GOES_ON);
        }
        if (workgroupUniformLoad(&verdict) == ENDS) {
            break;
        }
        let next = system_of(trial, frame, chosen, share, 1.0, local);
        if (local == 0u) {
            verdict = judge_last(next);
        }
        if (workgroupUniformLoad(&verdict) == ENDS) {
            break;
        }
    }
}

// By the bits: compilers may take it that there are neither NaN nor infinities.
fn is_finite4(v: vec4<f32>) -> bool {
    return all((bitcast<vec4<u32>>(v) & vec4<u32>(0x7f800000u)) != vec4<u32>(0x7f800000u));
}

// Whether rows are of something near a motion: not zeros, which stand for no model, and finite.
fn is_motion(rows: array<vec4<f32>, 3>) -> bool {
    let m = matrix_of(rows);
    let lengths_sq = vec2<f32>(dot(m[0], m[0]), dot(m[1], m[1]));
    return is_finite4(rows[0]) && is_finite4(rows[1]) && is_finite4(rows[2]) && all(lengths_sq > vec2<f32>(1e-12));
}

// Writes the inverse of the Hessian, or zeros where it cannot be used.
fn write_inverse(first: u32, spread: f32, converged: bool) -> bool {
    var h = hessian_of(current, spread);
    // of entries near 1
    var size = 0.0;
    for (var i = 0u; i < UNKNOWNS; i++) {
        size += h[i][i];
    }
    for (var i = 0u; i < UNKNOWNS; i++) {
        for (var k = 0u; k < UNKNOWNS; k++) {
            h[i][k] /= size;
        }
    }
    let norm_sq = norm_sq_of(&h);
    let found = invert(&h);
    // written so that NaN fails it too
    var usable = converged && found && norm_sq * norm_sq_of(&h) <= MAX_CONDITION * MAX_CONDITION;
    var entries: array<vec4<f32>, 9>;
    for (var k = 0u; k < 36u; k++) {
        entries[k / 4u][k % 4u] = h[k / UNKNOWNS][k % UNKNOWNS] / size;
    }
    for (var k = 0u; k < 9u; k++) {
        usable = usable && is_finite4(entries[k]);
    }
    for (var k = 0u; k < 9u; k++) {
        states[first + k] = select(vec4<f32>(), entries[k], usable);
    }
    return usable;
}

fn write_result(row: u32, start: array<vec4<f32>, 3>, chosen: array<vec4<f32>, 3>, frame: Frame, inliers: f32) {
    let rows = rows_of(pose.rotation, pose.translation);
    let valid = inliers > 0.0 && is_finite4(rows[0]) && is_finite4(rows[1]) && is_finite4(rows[2]);
    let first = STATE * row;
    let usable = write_inverse(first + 4u, frame.w, valid && last_step_sq < LARGEST_LAST_STEP_SQ);
    for (var k = 0u; k < 3u; k++) {
        models[3u * row + k] = select(start[k], rows[k], valid);
        states[first + k] = chosen[k];
    }
    states[first + 3u] = frame;
    flags[3u * row] = select(0.0, 1.0, valid);
    flags[3u * row + 1u] = select(0.0, inliers, valid);
    flags[3u * row + 2u] = select(0.0, 1.0, usable);
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let row = workgroup_index(workgroup, workgroups);
    let packed = uniform_row(row, local);
    if (row >= packed.x) {
        return;
    }
    let share = Share(packed.z + local, packed.z + packed.w, metric_of(packed.y));
    let start = array<vec4<f32>, 3>(starts[3u * row], starts[3u * row + 1u], starts[3u * row + 2u]);
    let starts_well = is_motion(start);
    if (local == 0u) {
        pose = Motion(orthonormalized(matrix_of(start)), last_column(start));
        last_step_sq = 1.0;
    }
    workgroupBarrier();
    var inliers = 0.0;
    var frame: Frame;
    var chosen: array<vec4<f32>, 3>;
    for (var round = 0u; ; round++) {
        let rows = rows_of(pose.rotation, pose.translation);
        let residual = make_residual(rows, share.metric);
        let sum = sum_near(residual, share, local);
        if (local == 0u) {
            let grows = sum.w > max(inliers, f32(params[3]) - 1.0);
            verdict = select(ENDS, GOES_ON, round < params[2] && starts_well && grows);
        }
        if (workgroupUniformLoad(&verdict) == ENDS) {
            break;
        }
        inliers = sum.w;
        chosen = rows;
        let centre = sum.xyz / sum.w;
        frame = vec4<f32>(centre, sqrt(sum_distances(residual, centre, share, local) / sum.w));
        descend(frame, residual, share, local);
        workgroupBarrier();
    }
    if (local == 0u) {
        verdict = select(ENDS, GOES_ON, inliers > 0.0);
    }
    if (workgroupUniformLoad(&verdict) == GOES_ON) {
        minimise(frame, make_residual(chosen, share.metric), share, local);
    }
    workgroupBarrier();
    if (local == 0u) {
        write_result(row, start, chosen, frame, inliers);
    }
}
