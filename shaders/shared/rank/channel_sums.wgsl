// Sums over the rows of a pair, NORM_CHANNELS channels a workgroup in vectors of four: invocation `local` has vector
// local mod VECTORS.

const VECTORS: u32 = NORM_CHANNELS / 4u;
const LANES: u32 = 128u; // rows at a time
const WORKGROUP: u32 = VECTORS * LANES;

var<workgroup> partial: array<vec4<f32>, WORKGROUP>;

// The sum over the lanes of this invocation's channels.
fn sum_over_lanes(value: vec4<f32>, local: u32) -> vec4<f32> {
    workgroupBarrier();
    partial[local] = value;
    for (var step = LANES / 2u; step > 0u; step /= 2u) {
        workgroupBarrier();
        if (local / VECTORS < step) {
            partial[local] += partial[local + step * VECTORS];
        }
    }
    workgroupBarrier();
    return partial[local % VECTORS];
}
