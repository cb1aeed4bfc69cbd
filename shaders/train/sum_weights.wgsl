// Weights as prefix sums of integers, a workgroup a pair. Twin: src/cpu/train/sum_weights.rs, bit for bit.

@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read> matches: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> sums: array<u32>;
@group(0) @binding(4) var<storage, read_write> drawable: array<u32>; // a pair

const WORKGROUP: u32 = 64u;

var<workgroup> largest: array<f32, WORKGROUP>;
var<workgroup> shares: array<vec2<u32>, WORKGROUP>; // of an invocation: the sum of its weights, how many

// By the bits: compilers may take it that there are neither NaN nor infinities.
fn is_finite4(v: vec4<f32>) -> bool {
    return all((bitcast<vec4<u32>>(v) & vec4<u32>(0x7f800000u)) != vec4<u32>(0x7f800000u));
}

fn usable_weight(index: u32) -> f32 {
    let weight = weights[index];
    let finite = is_finite4(vec4<f32>(weight)) && is_finite4(matches[2u * index]) && is_finite4(matches[2u * index + 1u]);
    return select(0.0, weight, finite && weight > 0.0);
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = workgroup_index(workgroup, workgroups);
    let exists = index < pair_count();
    let pair = min(index, pair_count() - 1u);
    let count = match_end(pair) - match_start(pair);
    // each invocation has a run of matches, so that the prefix sums follow their order
    let run = (count + WORKGROUP - 1u) / WORKGROUP;
    let first = match_start(pair) + min(local * run, count);
    let end = match_start(pair) + min((local + 1u) * run, count);
    var most = 0.0;
    for (var i = first; i < end; i++) {
        most = max(most, usable_weight(i));
    }
    largest[local] = most;
    workgroupBarrier();
    for (var k = 0u; k < WORKGROUP; k++) {
        most = max(most, largest[k]);
    }
    let scale = fixed_point_scale(most, count);
    var share = vec2<u32>();
    for (var i = first; i < end; i++) {
        let weight = usable_weight(i);
        share += vec2<u32>(fixed_point(weight, scale), select(0u, 1u, weight > 0.0));
    }
    shares[local] = share;
    workgroupBarrier();
    var before = vec2<u32>();
    for (var k = 0u; k < local; k++) {
        before += shares[k];
    }
    if (exists) {
        var sum = before.x;
        for (var i = first; i < end; i++) {
            sum += fixed_point(usable_weight(i), scale);
            sums[i] = sum;
        }
        if (local == WORKGROUP - 1u) {
            drawable[pair] = before.y + share.y;
        }
    }
}
