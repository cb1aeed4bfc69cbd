// The values of a plane with mean 0 and variance 1: (x − mean) / √(variance + 10⁻⁵). One workgroup. Twin:
// src/cpu/localise/standardise.rs, which sums in double precision.

@group(0) @binding(0) var<storage, read> shape: PlaneShape;
@group(0) @binding(1) var<storage, read> plane: array<f32>;
@group(0) @binding(2) var<storage, read_write> standard: array<f32>;

const WORKGROUP: u32 = 256u;
const LEAST_VARIANCE: f32 = 1e-5;
const LARGEST: f32 = 1e4;

var<workgroup> sums: array<f32, WORKGROUP>;

// What is no number is 0, and what is beyond LARGEST is brought there, so that nothing overflows.
fn bounded(value: f32) -> f32 {
    let finite = (bitcast<u32>(value) & 0x7f800000u) != 0x7f800000u;
    return select(0.0, clamp(value, -LARGEST, LARGEST), finite);
}

// Of all invocations.
fn total(own: f32, local: u32) -> f32 {
    sums[local] = own;
    workgroupBarrier();
    for (var step = WORKGROUP / 2u; step > 0u; step /= 2u) {
        if (local < step) {
            sums[local] += sums[local + step];
        }
        workgroupBarrier();
    }
    let all = sums[0];
    workgroupBarrier();
    return all;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(local_invocation_index) local: u32) {
    let count = shape.columns * shape.rows * shape.channels;
    // from the first value on, so that nothing is rounded where all are alike
    let first = bounded(plane[0]);
    var sum = 0.0;
    for (var i = local; i < count; i += WORKGROUP) {
        sum += bounded(plane[i]) - first;
    }
    let mean = first + total(sum, local) / f32(count);
    var sum_sq = 0.0;
    for (var i = local; i < count; i += WORKGROUP) {
        let beside = bounded(plane[i]) - mean;
        sum_sq += beside * beside;
    }
    let scale = 1.0 / sqrt(total(sum_sq, local) / f32(count) + LEAST_VARIANCE);
    for (var i = local; i < count; i += WORKGROUP) {
        standard[i] = (bounded(plane[i]) - mean) * scale;
    }
}
