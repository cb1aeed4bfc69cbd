// The scale of the last refinement of each pair's pose, by the median residual of its inliers; one pair a workgroup. The median is
// found digit by digit of its bits, which have the order of the residuals. Twin: src/cpu/search/estimate_noise.rs.

@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> pairs: array<Pair>;
@group(0) @binding(2) var<storage, read> matches: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> match_facts: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> finalists: array<Candidate>;

// Values of a digit: of eight bits.
const WORKGROUP: u32 = 256u;

var<workgroup> bins: array<atomic<u32>, WORKGROUP>;
var<workgroup> narrowed: Range;
var<workgroup> is_found: u32;

// Inliers whose residuals begin with some bits, and the rank among them of the one that is looked for.
struct Range {
    bits: u32,
    known: u32, // which bits these are
    rank: u32,
    count: u32,
}

// Counts the inliers of the range by their digit that begins at bit `shift`; how many there are.
fn count_digits(pair: Pair, model: Residual, range: Range, shift: u32, local: u32) -> u32 {
    atomicStore(&bins[local], 0u);
    workgroupBarrier();
    for (var k = local; k < pair.match_count; k += WORKGROUP) {
        let index = pair.match_start + k;
        let t = residual_sq(model, load_match(index));
        let bits = bitcast<u32>(t);
        if (t < 1.0 && refinement_weight(index) > 0.0 && (bits & range.known) == range.bits) {
            atomicAdd(&bins[(bits >> shift) % WORKGROUP], 1u);
        }
    }
    workgroupBarrier();
    return sum_up(local, atomicLoad(&bins[local]));
}

// The part of the range with the digit of the rank that is looked for.
fn narrow(range: Range, shift: u32, local: u32) -> Range {
    let begin = select(0u, ends[max(local, 1u) - 1u], local > 0u);
    if (begin <= range.rank && range.rank < ends[local]) {
        let known = range.known | ((WORKGROUP - 1u) << shift);
        narrowed = Range(range.bits | (local << shift), known, range.rank - begin, ends[local] - begin);
    }
    return workgroupUniformLoad(&narrowed);
}

// The scale for inliers of this median residual.
fn scale_of(median_sq: f32, count: u32) -> f32 {
    // as it were without the fit of the model
    let noise_sq = median_sq * f32(count) / f32(count - TAKEN_BY_POSE);
    return min(max(MEDIANS * sqrt(noise_sq), LEAST_SCALE), FINAL_SCALE);
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
    let place = index * FINALIST_PLACES;
    let pair = pairs[index];
    // what another stage writes is not the same for all invocations to the validator
    if (local == 0u) {
        is_found = select(0u, finalists[place].found, pair.flags == 0u);
    }
    if (workgroupUniformLoad(&is_found) == 0u) {
        return;
    }
    let model = make_residual(finalists[place].rows, pair.metric);
    let count = count_digits(pair, model, Range(0u, 0u, 0u, 0u), 24u, local);
    var scale = FINAL_SCALE;
    if (count > TAKEN_BY_POSE) {
        var range = narrow(Range(0u, 0u, count / 2u, count), 24u, local);
        for (var digit = 1u; digit < 4u; digit++) {
            let shift = 24u - 8u * digit;
            _ = count_digits(pair, model, range, shift, local);
            range = narrow(range, shift, local);
        }
        scale = scale_of(bitcast<f32>(range.bits), count);
    }
    if (local == 0u) {
        finalists[place].scale_sq = select(0.0, scale * scale, scale < FINAL_SCALE);
    }
}
