// Pixels (or world units) to normalised coordinates; one pair a workgroup.
// Calibrated sides take offset and scale from their camera, the others from the box of the bulk of their points.
// Twin: src/cpu/search/normalize_matches.rs.

@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> inputs: array<PairInput>;
@group(0) @binding(2) var<storage, read> raw_matches: array<vec4<f32>>;
// of weigh_matches: a pair: whether something known of its matches is no number
@group(0) @binding(3) var<storage, read> sharing: array<u32>;
@group(0) @binding(4) var<storage, read_write> pairs: array<Pair>;
@group(0) @binding(5) var<storage, read_write> matches: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read> weight_sums: array<vec2<u32>>;

const WORKGROUP: u32 = 128u;
const HUGE: f32 = 3e38;

var<workgroup> shared_vectors: array<vec4<f32>, WORKGROUP>;

fn is_finite(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}

fn all_finite(v: vec3<f32>) -> bool {
    return is_finite(v.x) && is_finite(v.y) && is_finite(v.z);
}

fn raw_match(index: u32) -> Match {
    return make_match(raw_matches[index * MATCH_VECTORS], raw_matches[index * MATCH_VECTORS + MATCH_VECTORS - 1u]);
}

fn reduce_max(value: vec4<f32>, local: u32) -> vec4<f32> {
    shared_vectors[local] = value;
    workgroupBarrier();
    for (var step = WORKGROUP / 2u; step > 0u; step /= 2u) {
        if (local < step) {
            shared_vectors[local] = max(shared_vectors[local], shared_vectors[local + step]);
        }
        workgroupBarrier();
    }
    let result = shared_vectors[0];
    workgroupBarrier();
    return result;
}

// No farther than single precision carries the residuals.
fn drawn_in(point: vec3<f32>) -> vec3<f32> {
    return point * (f32(FARTHEST) / max(f32(FARTHEST), largest_of(abs(point))));
}

struct Scaling {
    offset: vec3<f32>,
    scale: vec3<f32>,
}

fn scaling_of_camera(camera: vec4<f32>) -> Scaling {
    return Scaling(vec3<f32>(camera.zw, 0.0), vec3<f32>(1.0 / camera.xy, 1.0));
}

fn scaling_of_box(low: vec3<f32>, high: vec3<f32>) -> Scaling {
    let size = 0.5 * largest_of(high - low);
    return Scaling(0.5 * (low + high), vec3<f32>(select(1.0, 1.0 / size, size > 0.0)));
}

// Twin: `budget` of src/ransac/stages/stopping.rs.
fn budget(count: u32) -> u32 {
    if (settings.min_inliers <= settings.sample_size) {
        return settings.max_iterations;
    }
    let share = f32(settings.min_inliers) / f32(count);
    let miss = log_miss(f32(settings.min_inliers), share, share / f32(count));
    let needed = u32(min(ceil(settings.log_miss / min(miss, -1e-30)), 4e9));
    let worth = select(0u, needed, settings.min_inliers <= count);
    return clamp(worth, settings.min_iterations, settings.max_iterations);
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
    let input = inputs[index];
    let start = input.match_start;
    let count = input.match_count;
    let looks = can_be_estimated(settings, input);
    let summed = looks && settings.weigh_sampling != BY_NOTHING;

    let sampled = min(count, BULK_SAMPLE);
    let sample = raw_match(start + spread_index(local, sampled, count));
    let bulk1 = bulk_of(match_side1(sample), sampled, local);
    let bulk2 = bulk_of(match_side2(sample), sampled, local);

    // −low and high of both sides, and in w: something not finite
    var low1 = vec4<f32>(-HUGE);
    var high1 = vec4<f32>(-HUGE);
    var low2 = vec4<f32>(-HUGE);
    var high2 = vec4<f32>(-HUGE);
    low1.w = 0.0;
    for (var k = local; k < count; k += WORKGROUP) {
        let m = raw_match(start + k);
        let side1 = match_side1(m);
        let side2 = match_side2(m);
        low1.w = select(1.0, low1.w, all_finite(side1) && all_finite(side2));
        if (holds(bulk1, side1)) {
            low1 = vec4<f32>(max(low1.xyz, -side1), low1.w);
            high1 = vec4<f32>(max(high1.xyz, side1), 0.0);
        }
        if (holds(bulk2, side2)) {
            low2 = vec4<f32>(max(low2.xyz, -side2), 0.0);
            high2 = vec4<f32>(max(high2.xyz, side2), 0.0);
        }
    }
    low1 = reduce_max(low1, local);
    high1 = reduce_max(high1, local);
    low2 = reduce_max(low2, local);
    high2 = reduce_max(high2, local);

    var first = scaling_of_box(-low1.xyz, high1.xyz);
    var second = scaling_of_box(-low2.xyz, high2.xyz);
    if (settings.kind == ESSENTIAL) {
        first = scaling_of_camera(input.camera1);
    }
    if (settings.kind == ESSENTIAL || settings.kind == POSE) {
        second = scaling_of_camera(input.camera2);
    }
    if (settings.kind == RIGID) {
        first.scale = min(first.scale, second.scale);
        second.scale = first.scale;
    }

    var positive = 0u;
    for (var k = local; k < count; k += WORKGROUP) {
        let m = raw_match(start + k);
        var side1 = (match_side1(m) - first.offset) * first.scale;
        var side2 = (match_side2(m) - second.offset) * second.scale;
        side1.x -= input.skew.x * side1.y * first.scale.x;
        side2.x -= input.skew.y * side2.y * second.scale.x;
        side1 = drawn_in(side1);
        side2 = drawn_in(side2);
        for (var v = 0u; v < MATCH_VECTORS; v++) {
            matches[(start + k) * MATCH_VECTORS + v] = match_vector(side1, side2, v);
        }
        if (summed) {
            let before = select(0u, weight_sums[max(start + k, 1u) - 1u].x, k > 0u);
            positive += select(0u, 1u, weight_sums[start + k].x > before);
        }
    }
    positive = sum_up(local, positive);
    if (local != 0u) {
        return;
    }
    let sampleable = select(count, positive, summed);
    let is_no_number = looks && settings.weighing != 0u && sharing[index] != 0u;
    let bad = is_no_number || !(input.threshold > 0.0) || !all_finite(first.scale) || !all_finite(second.scale);
    let unit1 = first.scale * input.threshold;
    let unit2 = second.scale * input.threshold;
    pairs[index] = Pair(
        first.offset,
        start,
        first.scale,
        count,
        second.offset,
        select(DISABLED, 0u, input.enabled != 0u)
            | select(0u, NOT_FINITE, low1.w > 0.0)
            | select(0u, TOO_FEW, sampleable < settings.sample_size)
            | select(0u, BAD_INPUT, bad),
        second.scale,
        sampleable,
        vec4<f32>(unit1.xy, unit2.xy),
        vec2<u32>(input.seed_low, input.seed_high),
        0u,
        budget(count),
    );
}
