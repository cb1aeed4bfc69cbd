// Relative pose of five normalised matches: x2ᵀ E x1 = 0, det E = 0, 2EEᵀE − tr(EEᵀ)E = 0 with E = [t]× R.
//
// Nistér, "An efficient solution to the five-point relative pose problem", PAMI 2004: null space of the 5×9 system,
// elimination of the ten cubic constraints, a determinant of degree 10. Each real root is then polished by Newton steps on
// the motion itself, so that f32 is enough.
// In: 5 × (x1 y1 x2 y2). Out: at most 10 [R | t] with |t| = 1 and all five points in front of both cameras. Degenerate
// samples (repeated points, all on one line, no motion) give none or some finite ones.
//
// A workgroup solves SAMPLES samples with ten invocations each: one a cubic constraint, then one a part of the circle on
// which the roots are looked for. The roots found are shared out among all invocations, so that none of them waits while
// others have several to polish.

@group(0) @binding(0) var<storage, read_write> solver_params: array<u32>; // [0]: hypotheses

const SAMPLES: u32 = SAMPLES_A_WORKGROUP;
/// Invocations of a sample.
const ROWS: u32 = 10u;
const WORKGROUP: u32 = SAMPLES * ROWS;
const MAX_MODELS: u32 = 10u;
/// Roots and near misses of a sample that are looked into.
const MAX_ROOTS: u32 = 16u;
/// Bases of the null space that are tried until one gives pivots of at least this share of the largest.
const ATTEMPTS: u32 = 3u;
const GOOD_PIVOTS: f32 = 3e-3;
/// The sum of squared residuals that Newton's method may leave: from a root rounding leaves less, the minimum beside a pair of complex
/// ones, whose model is false, more.
const ACCEPTED_RESIDUAL: f32 = 1e-12;

/// Of each sample, 9 each: the entries of B₀ B₁ B₂ B₃, row by row.
var<workgroup> entries: array<vec4<f32>, 9u * SAMPLES>;
/// Of each sample, 9 each: its quadratics, then the last six rows of its elimination; at the end a column for each root.
var<workgroup> scratch: array<Quadratic, 9u * SAMPLES>;
var<workgroup> all_are_good: u32;
/// Of each invocation: the roots of its arc.
var<workgroup> arc_counts: array<u32, WORKGROUP>;
/// Of each sample: its roots.
var<workgroup> root_counts: array<u32, SAMPLES>;
var<workgroup> root_total: u32;
/// The roots of all samples, as written by `task_of`; then 1 where one gave a model. The last is for invocations without one.
var<workgroup> tasks: array<u32, SAMPLES * MAX_ROOTS + 1u>;

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let first_hypothesis = workgroup_index(group, groups) * SAMPLES;
    if local < SAMPLES {
        write_basis(first_hypothesis + local, 9u * local);
    }
    workgroupBarrier();
    eliminate(local);
    if local < SAMPLES {
        write_form(local, 9u * local);
    }
    workgroupBarrier();
    let counts = roots_of_steps(arc_of(local / ROWS, local % ROWS));
    share_out(counts, local);
    let total = workgroupUniformLoad(&root_total);
    for (var first_root = 0u; first_root < total; first_root += WORKGROUP) {
        let place = min(first_root + local, total);
        let root = root_of(tasks[place]);
        let found = solution_at(first_hypothesis, root, place < total);
        write_key(place, found);
        workgroupBarrier();
        let is_new = found.is_solution && is_first(place, root.index);
        tasks[place] = select(0u, 1u, is_new);
        workgroupBarrier();
        if is_new {
            add_model(first_hypothesis + root.sample, place, root.index, found.motion);
        }
    }
    workgroupBarrier();
    if local < SAMPLES && first_hypothesis + local < solver_params[0] {
        model_counts[first_hypothesis + local] = min(models_of_sample(local), MAX_MODELS);
    }
}

/// Beyond the last hypothesis: the last once more.
fn match_of(hypothesis: u32, i: u32) -> vec4<f32> {
    return points[5u * min(hypothesis, solver_params[0] - 1u) + i];
}

fn write_basis(hypothesis: u32, first: u32) {
    let v0 = reflector(epipolar_row(match_of(hypothesis, 0u)), 0u);
    let v1 = reflector(reflected(epipolar_row(match_of(hypothesis, 1u)), v0), 1u);
    let v2 = reflector(reflected(reflected(epipolar_row(match_of(hypothesis, 2u)), v0), v1), 2u);
    let v3 = reflector(reflected(reflected(reflected(epipolar_row(match_of(hypothesis, 3u)), v0), v1), v2), 3u);
    let x = reflected(reflected(reflected(reflected(epipolar_row(match_of(hypothesis, 4u)), v0), v1), v2), v3);
    let v4 = reflector(x, 4u);
    let b0 = reflected(reflected(reflected(reflected(reflected(axis9(5u), v4), v3), v2), v1), v0);
    let b1 = reflected(reflected(reflected(reflected(reflected(axis9(6u), v4), v3), v2), v1), v0);
    let b2 = reflected(reflected(reflected(reflected(reflected(axis9(7u), v4), v3), v2), v1), v0);
    let b3 = reflected(reflected(reflected(reflected(reflected(axis9(8u), v4), v3), v2), v1), v0);
    let upper = transpose(mat4x4(b0.a, b1.a, b2.a, b3.a));
    let lower = transpose(mat4x4(b0.b, b1.b, b2.b, b3.b));
    entries[first] = upper[0];
    entries[first + 1u] = upper[1];
    entries[first + 2u] = upper[2];
    entries[first + 3u] = upper[3];
    entries[first + 4u] = lower[0];
    entries[first + 5u] = lower[1];
    entries[first + 6u] = lower[2];
    entries[first + 7u] = lower[3];
    entries[first + 8u] = vec4(b0.c, b1.c, b2.c, b3.c);
}

/// The equation of a match; coefficients of E by rows.
fn epipolar_row(m: vec4<f32>) -> Nine {
    return Nine(vec4(m.xy, 1.0, m.x) * m.zzzw, vec4(m.w * m.y, m.w, m.xy), 1.0);
}

/// Leaves the six rows that the equations in z are made of in `scratch`.
fn eliminate(local: u32) {
    let first = 9u * (local / ROWS);
    let row = local % ROWS;
    var is_good = false;
    for (var attempt = 0u; attempt < ATTEMPTS; attempt++) {
        if attempt > 0u && !is_good && row < 9u {
            // The elimination is ill-conditioned where the plane of B₀ and B₁ comes near an essential matrix: take others.
            let e = entries[first + row];
            entries[first + row] = select(e.zwxy, e.zxwy, attempt == 2u);
        }
        workgroupBarrier();
        if !is_good && row < 9u {
            scratch[first + row] = essential_quadratic(row, first);
        }
        workgroupBarrier();
        var cubic = Cubic();
        if !is_good {
            cubic = essential_cubic(row, first);
        }
        let elimination = eliminated(cubic, local);
        if !is_good && elimination.column >= 4u {
            scratch[first + elimination.column - 4u] = elimination.row;
        }
        is_good = is_good || elimination.quality >= GOOD_PIVOTS;
        pivot_candidates[local] = select(0.0, 1.0, is_good);
        workgroupBarrier();
        if local == 0u {
            all_are_good = count_good();
        }
        if workgroupUniformLoad(&all_are_good) == SAMPLES {
            break;
        }
    }
}

fn count_good() -> u32 {
    var count = 0u;
    for (var sample = 0u; sample < SAMPLES; sample++) {
        count += u32(pivot_candidates[sample * ROWS]);
    }
    return count;
}

/// Writes `tasks` and their number, from the roots in the steps of each invocation.
fn share_out(step_counts: u32, local: u32) {
    arc_counts[local] = sum_of_pairs(step_counts);
    workgroupBarrier();
    if local < SAMPLES {
        root_counts[local] = min(roots_before(local, ROWS), MAX_ROOTS);
    }
    workgroupBarrier();
    let sample = local / ROWS;
    var first = 0u;
    for (var i = 0u; i < sample; i++) {
        first += root_counts[i];
    }
    var index = roots_before(sample, local % ROWS);
    for (var step = 0u; step < STEPS; step++) {
        for (var k = 0u; k < ((step_counts >> (2u * step)) & 3u); k++) {
            if index < MAX_ROOTS {
                tasks[first + index] = task_of(Root(sample, local % ROWS, step, k, index));
            }
            index++;
        }
    }
    if local == WORKGROUP - 1u {
        root_total = first + root_counts[sample];
    }
}

/// The sum of numbers of two bits each.
fn sum_of_pairs(pairs: u32) -> u32 {
    return countOneBits(pairs) + countOneBits(pairs & 0xaaaaaaaau);
}

/// Roots in the first so many arcs of a sample.
fn roots_before(sample: u32, rows: u32) -> u32 {
    var count = 0u;
    for (var row = 0u; row < rows; row++) {
        count += arc_counts[sample * ROWS + row];
    }
    return count;
}

struct Root {
    sample: u32,
    row: u32,
    step: u32,
    /// Among those of its step.
    k: u32,
    /// Among those of its sample.
    index: u32,
}

fn task_of(root: Root) -> u32 {
    return root.sample | (root.row << 8u) | (root.step << 16u) | (root.k << 24u) | (root.index << 28u);
}

fn root_of(task: u32) -> Root {
    return Root(task & 255u, (task >> 8u) & 255u, (task >> 16u) & 255u, (task >> 24u) & 15u, task >> 28u);
}

struct Solution {
    motion: Motion,
    is_solution: bool,
}

fn solution_at(first_hypothesis: u32, root: Root, exists: bool) -> Solution {
    if !exists {
        return Solution();
    }
    let arc = arc_of(root.sample, root.row);
    let zw = on_arc(arc, root_of_step(arc, root.step, root.k));
    let hypothesis = first_hypothesis + root.sample;
    let matches = Matches(
        match_of(hypothesis, 0u),
        match_of(hypothesis, 1u),
        match_of(hypothesis, 2u),
        match_of(hypothesis, 3u),
        match_of(hypothesis, 4u),
    );
    var motion = motion_of_essential(essential_at(arc.form, zw, 9u * root.sample));
    let residual = polish_motion(&motion, matches);
    // Written so that NaN fails it too.
    let is_solution = residual <= ACCEPTED_RESIDUAL && face_points(&motion, matches);
    return Solution(motion, is_solution);
}

/// Translation and one entry of the rotation, which tell the models of a sample apart.
fn write_key(place: u32, found: Solution) {
    let key = vec4(found.motion.translation, found.motion.rotation[0].x);
    scratch[place / 3u][place % 3u] = select(vec4(9.0), key, found.is_solution);
}

fn key_at(place: u32) -> vec4<f32> {
    return scratch[place / 3u][place % 3u];
}

/// Whether no earlier root of the sample, of which this is number `index`, gave the same model.
fn is_first(place: u32, index: u32) -> bool {
    let key = key_at(place);
    var repeated = false;
    for (var k = place - index; k < place; k++) {
        repeated = repeated || distance(key_at(k), key) < 1e-4;
    }
    return !repeated;
}

fn add_model(hypothesis: u32, place: u32, index: u32, motion: Motion) {
    var before = 0u;
    for (var k = place - index; k < place; k++) {
        before += tasks[k];
    }
    if before < MAX_MODELS && hypothesis < solver_params[0] {
        write_motion(hypothesis * MAX_MODELS + before, motion);
    }
}

fn models_of_sample(sample: u32) -> u32 {
    var first = 0u;
    for (var i = 0u; i < sample; i++) {
        first += root_counts[i];
    }
    var count = 0u;
    for (var k = first; k < first + root_counts[sample]; k++) {
        count += tasks[k];
    }
    return count;
}
