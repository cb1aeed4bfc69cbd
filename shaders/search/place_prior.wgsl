// What is expected of each pair, such as the result of the last frame, as the last candidate of the first round, with its score; one
// pair a workgroup. What is no model of the kind is none.
// Twin: src/cpu/search/place_prior.rs.

@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> progress: Progress;
@group(0) @binding(2) var<storage, read> pairs: array<Pair>;
@group(0) @binding(3) var<storage, read> matches: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> match_facts: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> priors: array<PairResult>;
@group(0) @binding(6) var<storage, read_write> candidates: array<Candidate>;

const WORKGROUP: u32 = 128u;
// Lengths whose squares single precision holds.
const SHORTEST: f32 = 1e-18;
const LONGEST: f32 = 1e18;

var<workgroup> prior: Prior;

struct Prior {
    rows: array<vec4<f32>, 3>,
    is_model: u32,
}

fn none() -> Prior {
    return Prior(array<vec4<f32>, 3>(), 0u);
}

// By the bits: compilers may take it that there are neither NaN nor infinities.
fn is_finite(v: vec4<f32>) -> bool {
    return all((bitcast<vec4<u32>>(v) & vec4<u32>(0x7f800000u)) != vec4<u32>(0x7f800000u));
}

fn is_measurable(length: f32) -> bool {
    return length > SHORTEST && length < LONGEST;
}

fn norm(m: mat3x3<f32>) -> f32 {
    return length(vec3<f32>(length(m[0]), length(m[1]), length(m[2])));
}

fn matrix_prior(m: mat3x3<f32>) -> Prior {
    let size = norm(m);
    if (!is_measurable(size)) {
        return none();
    }
    var unit = m * (1.0 / size);
    if (settings.kind == FUNDAMENTAL) {
        unit = rank_two(unit);
    }
    return Prior(rows_of(unit, vec3<f32>()), 1u);
}

fn is_near_rotation(m: mat3x3<f32>) -> bool {
    let lengths_sq = vec3<f32>(dot(m[0], m[0]), dot(m[1], m[1]), dot(m[2], m[2]));
    let mixed = vec3<f32>(dot(m[0], m[1]), dot(m[1], m[2]), dot(m[2], m[0]));
    let off = max(abs(lengths_sq - 1.0), abs(mixed));
    return all(off < vec3<f32>(NEAR_ROTATION)) && dot(cross(m[0], m[1]), m[2]) > 0.0;
}

fn motion_prior(m: mat3x3<f32>, translation: vec3<f32>) -> Prior {
    let size = length(translation);
    let is_direction = settings.kind == ESSENTIAL;
    let is_known = select(size <= f32(FARTHEST), is_measurable(size), is_direction);
    if (!is_known || !is_near_rotation(m)) {
        return none();
    }
    return Prior(rows_of(orthonormalized(m), translation / select(1.0, size, is_direction)), 1u);
}

// In normalised coordinates, off the models by rounding no more: the inverse of what mark_inliers does.
fn normalize_prior(rows: array<vec4<f32>, 3>, pair: Pair) -> Prior {
    let m = matrix_of(rows);
    let t = last_column(rows);
    switch settings.kind {
        case FUNDAMENTAL: {
            let first = denormalizing(pair.offset1, pair.scale1);
            let second = denormalizing(pair.offset2, pair.scale2);
            return matrix_prior(transpose(second) * m * first);
        }
        case HOMOGRAPHY: {
            let first = denormalizing(pair.offset1, pair.scale1);
            return matrix_prior(normalizing(pair.offset2, pair.scale2) * m * first);
        }
        case POSE: {
            return motion_prior(m, (t + m * pair.offset1) * pair.scale1.x);
        }
        case RIGID: {
            return motion_prior(m, (t - pair.offset2 + m * pair.offset1) * pair.scale1.x);
        }
        default: {
            return motion_prior(m, t);
        }
    }
}

fn prior_of(given: PairResult, pair: Pair) -> Prior {
    let rows = given.rows;
    if (given.status != 0u || !is_finite(rows[0]) || !is_finite(rows[1]) || !is_finite(rows[2])) {
        return none();
    }
    return normalize_prior(rows, pair);
}

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let slot = workgroup_index(workgroup, workgroups);
    if (slot >= progress.active_pairs) {
        return;
    }
    let index = progress.pairs[slot];
    let pair = pairs[index];
    if (local == 0u) {
        prior = prior_of(priors[index], pair);
    }
    let placed = workgroupUniformLoad(&prior);
    let model = make_residual(placed.rows, pair.metric);
    var score = 0.0;
    for (var k = local; k < pair.match_count; k += WORKGROUP) {
        let at = pair.match_start + k;
        score += score_weight(at) * gain(residual_sq(model, load_match(at)));
    }
    score = workgroup_total(vec4<f32>(score), local).x;
    if (local == 0u) {
        var candidate = Candidate();
        candidate.rows = placed.rows;
        candidate.score = select(0.0, score, is_finite(vec4<f32>(score)));
        candidate.needed = UNREACHED;
        candidate.hypothesis = UNREACHED;
        candidate.found = placed.is_model;
        candidates[candidate_place(settings, index, progress.round, progress.candidates - 1u)] = candidate;
    }
}
