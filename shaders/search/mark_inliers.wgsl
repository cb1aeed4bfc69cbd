// The inlier mask of each pair's final model, the chance that no sample of these was drawn, and the model in pixels or world units;
// one pair a workgroup.
// Twin: src/cpu/search/mark_inliers.rs.

@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> pairs: array<Pair>;
@group(0) @binding(2) var<storage, read> matches: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> weight_sums: array<vec2<u32>>;
@group(0) @binding(4) var<storage, read> best: array<Candidate>;
@group(0) @binding(5) var<storage, read_write> results: array<PairResult>;
@group(0) @binding(6) var<storage, read_write> inlier_mask: array<u32>;

const WORKGROUP: u32 = 128u;

// Of the inliers: in both weightings their shares and the squares of these.
var<workgroup> shared_shares: array<vec4<f32>, WORKGROUP>;
// How many they are, and how many of them may be sampled.
var<workgroup> shared_counts: array<vec2<u32>, WORKGROUP>;

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

// After so many hypotheses.
fn log_rest(hypotheses: u32) -> f32 {
    let misses = log_misses(f32(shared_counts[0].y), shared_shares[0].xy, shared_shares[0].zw);
    let first = min(hypotheses, ALTERNATE_FROM);
    return f32(first) * misses.x + f32(hypotheses - first) * misses.y;
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
    var shares = vec4<f32>();
    var counts = vec2<u32>();
    for (var k = local; k < pair.match_count; k += WORKGROUP) {
        let at = pair.match_start + k;
        let inside = usable && residual_sq(model, load_match(at)) < 1.0;
        inlier_mask[at] = select(0u, 1u, inside);
        if (inside) {
            let share = sampling_shares(pair, at);
            shares += vec4<f32>(share, share * share);
            counts += vec2<u32>(1u, select(0u, 1u, share.x > 0.0));
        }
    }
    shared_shares[local] = shares;
    shared_counts[local] = counts;
    workgroupBarrier();
    for (var step = WORKGROUP / 2u; step > 0u; step /= 2u) {
        if (local < step) {
            shared_shares[local] += shared_shares[local + step];
            shared_counts[local] += shared_counts[local + step];
        }
        workgroupBarrier();
    }
    // a model with fewer inliers than a sample has matches, or than are asked for, is none
    let has_support = shared_counts[0].x >= max(settings.sample_size, settings.min_inliers);
    if (!has_support) {
        for (var k = local; k < pair.match_count; k += WORKGROUP) {
            inlier_mask[pair.match_start + k] = 0u;
        }
    }
    if (local != 0u) {
        return;
    }
    var result = PairResult();
    result.iterations = pair.iterations;
    result.status = select(select(NO_MODEL, 0u, usable && has_support), pair.flags, pair.flags != 0u);
    if (usable && has_support) {
        result.rows = denormalize(best[index].rows, pair);
        result.score = best[index].final_score;
        result.inliers = shared_counts[0].x;
        result.log_rest = log_rest(pair.iterations);
    }
    results[index] = result;
}
