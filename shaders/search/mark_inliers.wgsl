// The inlier mask and the score of each pair's final model, and the model in pixels or world units; one pair a workgroup.
// Twin: src/cpu/search/mark_inliers.rs.

@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> pairs: array<Pair>;
@group(0) @binding(2) var<storage, read> matches: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> match_facts: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> best: array<Candidate>;
@group(0) @binding(5) var<storage, read_write> results: array<PairResult>;
@group(0) @binding(6) var<storage, read_write> inlier_mask: array<u32>;

const WORKGROUP: u32 = 128u;

var<workgroup> shared_scores: array<f32, WORKGROUP>;
var<workgroup> shared_counts: array<u32, WORKGROUP>;

fn load_match(index: u32) -> Match {
    return make_match(matches[index * MATCH_VECTORS], matches[index * MATCH_VECTORS + MATCH_VECTORS - 1u]);
}

fn denormalize(rows: array<vec4<f32>, 3>, pair: Pair) -> array<vec4<f32>, 3> {
    let matrix = matrix_of(rows);
    let t = last_column(rows);
    switch settings.kind {
        case FUNDAMENTAL: {
            let first = normalizing(pair.offset1, pair.scale1);
            let second = normalizing(pair.offset2, pair.scale2);
            return rows_of(unit_norm(transpose(second) * matrix * first), vec3<f32>());
        }
        case HOMOGRAPHY: {
            return rows_of(homography_in_pixels(matrix, pair), vec3<f32>());
        }
        case POSE: {
            return rows_of(matrix, t / pair.scale1.x - matrix * pair.offset1);
        }
        case RIGID: {
            return rows_of(matrix, t / pair.scale1.x + pair.offset2 - matrix * pair.offset1);
        }
        default: {
            return rows;
        }
    }
}

@compute @workgroup_size(128)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = workgroup_index(workgroup, workgroups);
    if (index >= settings.pair_count) {
        return;
    }
    let pair = pairs[index];
    let usable = pair.flags == 0u && best[index].found != 0u;
    let model = make_residual(best[index].rows, pair.metric);
    var score = 0.0;
    var inliers = 0u;
    for (var k = local; k < pair.match_count; k += WORKGROUP) {
        let t = residual_sq(model, load_match(pair.match_start + k));
        let inside = usable && t < 1.0;
        var weight = 1.0;
        if (settings.weigh_matches != 0u) {
            weight = match_facts[pair.match_start + k].x;
        }
        inlier_mask[pair.match_start + k] = select(0u, 1u, inside);
        score += select(0.0, weight * gain(t), inside);
        inliers += select(0u, 1u, inside);
    }
    shared_scores[local] = score;
    shared_counts[local] = inliers;
    workgroupBarrier();
    for (var step = WORKGROUP / 2u; step > 0u; step /= 2u) {
        if (local < step) {
            shared_scores[local] += shared_scores[local + step];
            shared_counts[local] += shared_counts[local + step];
        }
        workgroupBarrier();
    }
    // a model with fewer inliers than a sample has matches is none
    let has_support = shared_counts[0] >= settings.sample_size;
    if (!has_support) {
        for (var k = local; k < pair.match_count; k += WORKGROUP) {
            inlier_mask[pair.match_start + k] = 0u;
        }
    }
    if (local == 0u) {
        let found = best[index].found != 0u && has_support;
        let status = select(select(NO_MODEL, 0u, found), pair.flags, pair.flags != 0u);
        var rows = array<vec4<f32>, 3>();
        if (usable && has_support) {
            rows = denormalize(best[index].rows, pair);
        }
        let score = select(0.0, shared_scores[0], has_support);
        let inliers = select(0u, shared_counts[0], has_support);
        results[index] = PairResult(rows, score, inliers, pair.iterations, status);
    }
}
