// What the sampler, the score and the refinement make of what is known of each match; one pair a workgroup. The weights of the
// sampler are integers found by integers, so that every machine draws the same samples.
// Twin: src/cpu/search/weigh_matches.rs.

@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> inputs: array<PairInput>;
@group(0) @binding(2) var<storage, read> raw_matches: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> weights: array<u32>;
@group(0) @binding(4) var<storage, read> ratios: array<u32>;
// scales in both images, then orientations, degrees
@group(0) @binding(5) var<storage, read> key_points: array<vec4<f32>>;
// a pair: whether something known of its matches is no number; then the words of its matches
@group(0) @binding(6) var<storage, read_write> sharing: array<atomic<u32>>;
@group(0) @binding(7) var<storage, read_write> weight_sums: array<vec2<u32>>;
@group(0) @binding(8) var<storage, read_write> match_facts: array<vec4<f32>>;

const WORKGROUP: u32 = 256u;
const LEAST: f32 = f32(LEAST_PERCENT) / 100.0;

var<workgroup> largest_exponents: array<atomic<i32>, 2>;
var<workgroup> partial_sums: array<vec2<u32>, WORKGROUP>;

fn is_set(flag: u32) -> bool {
    return (settings.weighing & flag) != 0u;
}

fn is_number(bits: u32) -> bool {
    return (bits & 0x7f800000u) != 0x7f800000u;
}

fn is_size(bits: u32) -> bool {
    return is_number(bits) && (bits <= 0x80000000u);
}

// By the bits: compilers may take it that there are neither NaN nor infinities.
fn is_bad(index: u32) -> bool {
    var bad = is_set(KNOWS_WEIGHTS) && !is_size(weights[index]);
    bad = bad || (is_set(KNOWS_RATIOS) && !is_number(ratios[index]));
    if (is_set(KNOWS_KEY_POINTS)) {
        let key = bitcast<vec4<u32>>(key_points[index]);
        bad = bad || !is_size(key.x) || !is_size(key.y) || !is_number(key.z) || !is_number(key.w);
    }
    return bad;
}

fn may_be_drawn(index: u32) -> bool {
    var may = true;
    if (is_set(KNOWS_WEIGHTS) && settings.weigh_sampling != BY_CREDIT) {
        may = (weights[index] << 1u) != 0u;
    }
    if (is_set(KNOWS_RATIOS)) {
        may = may && bitcast<f32>(ratios[index]) <= settings.sample_ratio_below;
    }
    return may;
}

// How the surest matches are preferred.
fn guide(index: u32) -> Scaled {
    let by_weight = is_set(KNOWS_WEIGHTS) && settings.weigh_sampling != BY_RATIO;
    if (settings.weigh_sampling == BY_CREDIT) {
        return ONE;
    }
    if (settings.weigh_sampling == BY_WEIGHT) {
        return scaled_of_bits(weights[index]);
    }
    if (by_weight && is_set(KNOWS_RATIOS)) {
        return times(scaled_of_bits(weights[index]), squared(share_of_right(ratios[index])));
    }
    if (by_weight) {
        return cubed(scaled_of_bits(weights[index]));
    }
    return cubed(share_of_right(ratios[index]));
}

// What a match weighs in both weightings of the sampler, which are one where samples do not alternate.
struct Drawn {
    guided: Scaled,
    alike: Scaled,
}

fn drawn_by(index: u32, credit: Scaled) -> Drawn {
    if (!may_be_drawn(index)) {
        return Drawn(ZERO, ZERO);
    }
    let guided = times(guide(index), credit);
    if (settings.weigh_sampling == BY_RATIO || settings.weigh_sampling == BY_GUIDE) {
        return Drawn(guided, credit);
    }
    return Drawn(guided, guided);
}

fn fact(index: u32, credit: Scaled) -> vec4<f32> {
    var likely = 1.0;
    if (is_set(KNOWS_WEIGHTS)) {
        likely = bitcast<f32>(weights[index]);
    } else if (is_set(KNOWS_RATIOS)) {
        likely = single(share_of_right(ratios[index]));
    }
    let in_refinement = select(likely, max(likely, LEAST), is_set(AT_LEAST));
    let both = select(
        vec2<f32>(1.0),
        vec2<f32>(likely, in_refinement),
        vec2<bool>(is_set(WEIGH_SCORE), is_set(WEIGH_REFINEMENT)),
    );
    return vec4<f32>(both * single(credit), similarity(index));
}

// (q cos α, −q sin α) of the ratio q of the scales and the difference α of the orientations; 0 where these are not known.
fn similarity(index: u32) -> vec2<f32> {
    if (!is_set(KNOWS_KEY_POINTS)) {
        return vec2<f32>();
    }
    let key = key_points[index];
    let known = key.x > 0.0 && key.y > 0.0;
    return select(vec2<f32>(), turn_between(key.z, key.w) * (key.y / select(1.0, key.x, known)), known);
}

// The inclusive prefix sum over the invocations.
fn scan(local: u32, value: vec2<u32>) -> vec2<u32> {
    partial_sums[local] = value;
    workgroupBarrier();
    for (var step = 1u; step < WORKGROUP; step *= 2u) {
        let before = select(vec2<u32>(), partial_sums[max(local, step) - step], local >= step);
        workgroupBarrier();
        partial_sums[local] += before;
        workgroupBarrier();
    }
    return partial_sums[local];
}

fn credit_in(r: Range, shares: bool, usual: u32, k: u32) -> Scaled {
    if (shares) {
        return credit_of(r, usual, k);
    }
    return ONE;
}

// Facts, and the largest exponents of the weights.
fn weigh(r: Range, shares: bool, usual: u32, local: u32) {
    if (local < 2u) {
        atomicStore(&largest_exponents[local], ZERO.exponent);
    }
    workgroupBarrier();
    var largest = vec2<i32>(ZERO.exponent);
    for (var k = local; k < r.count; k += WORKGROUP) {
        let credit = credit_in(r, shares, usual, k);
        if (settings.weigh_matches != 0u) {
            match_facts[r.start + k] = fact(r.start + k, credit);
        }
        let drawn = drawn_by(r.start + k, credit);
        largest = max(largest, vec2<i32>(drawn.guided.exponent, drawn.alike.exponent));
    }
    atomicMax(&largest_exponents[0], largest.x);
    atomicMax(&largest_exponents[1], largest.y);
    workgroupBarrier();
}

// The weights in fixed point, then their prefix sums: each invocation has a run of matches, so that these follow their order.
fn sum_up(r: Range, shares: bool, usual: u32, local: u32) {
    let bits = fixed_bits(r.count);
    let largest = vec2<i32>(atomicLoad(&largest_exponents[0]), atomicLoad(&largest_exponents[1]));
    let units = largest + vec2<i32>(32 - bits);
    for (var k = local; k < r.count; k += WORKGROUP) {
        let drawn = drawn_by(r.start + k, credit_in(r, shares, usual, k));
        weight_sums[r.start + k] = vec2<u32>(fixed_in(units.x, drawn.guided), fixed_in(units.y, drawn.alike));
    }
    storageBarrier();
    let run = (r.count + WORKGROUP - 1u) / WORKGROUP;
    let first = r.start + min(local * run, r.count);
    let end = r.start + min((local + 1u) * run, r.count);
    var sum = vec2<u32>();
    for (var index = first; index < end; index++) {
        sum += weight_sums[index];
    }
    var so_far = scan(local, sum) - sum;
    for (var index = first; index < end; index++) {
        so_far += weight_sums[index];
        weight_sums[index] = so_far;
    }
}

// All of a pair; whether something known of its matches is no number.
fn weigh_pair(r: Range, local: u32) -> u32 {
    var bad = 0u;
    for (var k = local; k < r.count; k += WORKGROUP) {
        bad |= select(0u, 1u, is_bad(r.start + k));
    }
    var shares = false;
    var usual = 1u;
    if (is_set(ONE_TO_ONE)) {
        shares = find_shared(r, local);
        if (shares) {
            count_shared(r, local);
            // in space, competitors are counted in what is usual
            if (MATCH_VECTORS == 2u) {
                usual = median_total(r, local);
            }
        }
    }
    weigh(r, shares, usual, local);
    if (settings.weigh_sampling != BY_NOTHING) {
        sum_up(r, shares, usual, local);
    }
    return any_of(local, bad);
}

@compute @workgroup_size(256)
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
    let words = settings.pair_count + SHARING_WORDS * input.match_start;
    let r = Range(input.match_start, input.match_count, words);
    var bad = 0u;
    if (can_be_estimated(settings, input)) {
        bad = weigh_pair(r, local);
    }
    if (local == 0u) {
        atomicStore(&sharing[index], bad);
    }
}
