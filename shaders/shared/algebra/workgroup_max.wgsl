// The largest over the 64 invocations of a workgroup, to all of them.

var<workgroup> partial_maxima: array<f32, 64>;

fn workgroup_max(local: u32, value: f32) -> f32 {
    partial_maxima[local] = value;
    for (var step = 32u; step > 0u; step /= 2u) {
        workgroupBarrier();
        if (local < step) {
            partial_maxima[local] = max(partial_maxima[local], partial_maxima[local + step]);
        }
    }
    return workgroupUniformLoad(&partial_maxima[0]);
}
