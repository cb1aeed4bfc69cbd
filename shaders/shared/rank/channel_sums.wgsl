// Sums over the rows of a pair, CHANNELS channels a workgroup: invocation `local` has channel local mod CHANNELS.

const CHANNELS: u32 = 8u;
const LANES: u32 = 32u; // rows at a time
const WORKGROUP: u32 = CHANNELS * LANES;

var<workgroup> partial: array<f32, WORKGROUP>;

// The sum over the lanes of this invocation's channel.
fn sum_over_lanes(value: f32, local: u32) -> f32 {
    workgroupBarrier();
    partial[local] = value;
    for (var step = LANES / 2u; step > 0u; step /= 2u) {
        workgroupBarrier();
        if (local / CHANNELS < step) {
            partial[local] += partial[local + step * CHANNELS];
        }
    }
    workgroupBarrier();
    return partial[local % CHANNELS];
}
