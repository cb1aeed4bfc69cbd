// The sum over the 64 invocations of a workgroup, to all of them.

var<workgroup> partial_sums: array<vec4<f32>, 64>;

fn workgroup_sum(local: u32, value: vec4<f32>) -> vec4<f32> {
    partial_sums[local] = value;
    for (var step = 32u; step > 0u; step /= 2u) {
        workgroupBarrier();
        if (local < step) {
            partial_sums[local] += partial_sums[local + step];
        }
    }
    return workgroupUniformLoad(&partial_sums[0]);
}
