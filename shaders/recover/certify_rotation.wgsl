// Whether the inliers of a pose or a rigid transform determine its rotation: points on one line leave the turn about it open; one
// pair a workgroup. Twin: src/cpu/recover/certify_rotation.rs.
//
// What is left of the rotation's information where the translation follows it is a small difference of large numbers, so that f32
// would lose it. It is found in passes: the first gives the axes by how well they are determined, and the translation that
// follows each; in the next ones all matches are differentiated by these turns, which is small where they tell little.

@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> pairs: array<Pair>;
@group(0) @binding(2) var<storage, read> matches: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> match_facts: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> best: array<Candidate>;
@group(0) @binding(5) var<storage, read> results: array<PairResult>;
@group(0) @binding(6) var<storage, read_write> diagnoses: array<PairDiagnosis>;

const WORKGROUP: u32 = 64u;
const PASSES: u32 = 3u;
// Of a singular value to the largest, below which a translation is taken for one that no match tells anything of.
const LEAST_RATIO: f32 = 1e-6;

// Turns about three axes, each with the translation that follows it: columns.
struct Turns {
    axes: mat3x3<f32>,
    shifts: mat3x3<f32>,
}

// JᵀJ by the turns and the translation.
struct Sums {
    by: Turns,
    turns: mat3x3<f32>,
    mixed: mat3x3<f32>, // columns: translation, rows: turns
    shifts: mat3x3<f32>,
}

fn add_row(sums: ptr<function, Sums>, turn: vec3<f32>, shift: vec3<f32>, residual: f32, weight: f32) {
    let by_turns = turn * (*sums).by.axes + shift * (*sums).by.shifts;
    (*sums).turns += outer(by_turns, by_turns);
    (*sums).mixed += outer(by_turns, shift);
    (*sums).shifts += outer(shift, shift);
}

fn total(local: u32, own: mat3x3<f32>) -> mat3x3<f32> {
    let x = workgroup_sum(local, vec4<f32>(own[0], 0.0)).xyz;
    let y = workgroup_sum(local, vec4<f32>(own[1], 0.0)).xyz;
    let z = workgroup_sum(local, vec4<f32>(own[2], 0.0)).xyz;
    return mat3x3<f32>(x, y, z);
}

// Over all inliers, whatever their weights.
fn sum_inliers(pair: Pair, rows: array<vec4<f32>, 3>, by: Turns, local: u32) -> Sums {
    let model = make_residual(rows, pair.metric);
    let motion = matrix_at(state_of(rows));
    var sums = Sums();
    sums.by = by;
    for (var k = local; k < pair.match_count; k += WORKGROUP) {
        let index = pair.match_start + k;
        let x = load_match(index);
        if (refinement_weight(index) > 0.0 && residual_sq(model, x) < 1.0) {
            add_terms(&sums, motion, residual_terms(motion, pair.metric, x), x, 1.0);
        }
    }
    return Sums(by, total(local, sums.turns), total(local, sums.mixed), total(local, sums.shifts));
}

fn pseudo_inverse(matrix: mat3x3<f32>) -> mat3x3<f32> {
    let svd = svd3(matrix);
    let least = LEAST_RATIO * max(svd.sigma.x, max(svd.sigma.y, svd.sigma.z));
    let inverse_sq = select(vec3<f32>(), 1.0 / (svd.sigma * svd.sigma), svd.sigma > vec3<f32>(least));
    let right = mat3x3<f32>(
        svd.right[0] * inverse_sq.x,
        svd.right[1] * inverse_sq.y,
        svd.right[2] * inverse_sq.z,
    );
    return right * transpose(svd.scaled_left);
}

// The information on the rotation about the axis that is determined least, in squared thresholds.
fn least_information(pair: Pair, rows: array<vec4<f32>, 3>, local: u32) -> f32 {
    let unit = mat3x3<f32>(1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0);
    var by = Turns(unit, mat3x3<f32>());
    var least = 0.0;
    for (var pass_ = 0u; pass_ < PASSES; pass_++) {
        let sums = sum_inliers(pair, rows, by, local);
        // so that no square overflows
        let size = max(sums.shifts[0].x + sums.shifts[1].y + sums.shifts[2].z, 1e-20);
        let mixed = sums.mixed * (1.0 / size);
        let follow = pseudo_inverse(sums.shifts * (1.0 / size)) * transpose(mixed);
        let svd = svd3(sums.turns * (1.0 / size) - mixed * follow);
        by = Turns(by.axes * svd.right, (by.shifts - follow) * svd.right);
        least = size * min(svd.sigma.x, min(svd.sigma.y, svd.sigma.z));
    }
    return least;
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = workgroup_index(workgroup, workgroups);
    if (index >= settings.pair_count) {
        return;
    }
    var is_determined = true;
    if (results[index].status == 0u) {
        let quantile = select(CHI_SQ_3, CHI_SQ_2, settings.kind == POSE);
        let least = least_information(pairs[index], best[index].rows, local);
        is_determined = quantile * least * (UNDETERMINED_RAD * UNDETERMINED_RAD) >= 1.0;
    }
    if (local == 0u) {
        let others = diagnoses[index].flags & ~ROTATION_UNDETERMINED;
        diagnoses[index].flags = others | select(ROTATION_UNDETERMINED, 0u, is_determined);
    }
}
