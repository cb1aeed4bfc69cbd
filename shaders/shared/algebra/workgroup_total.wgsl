// The sum over the invocations of a workgroup, to all of them. Another part declares WORKGROUP, a power of two.

var<workgroup> lane_vectors: array<vec4<f32>, WORKGROUP>;

fn workgroup_total(value: vec4<f32>, local: u32) -> vec4<f32> {
    workgroupBarrier();
    lane_vectors[local] = value;
    for (var step = WORKGROUP / 2u; step > 0u; step /= 2u) {
        workgroupBarrier();
        if (local < step) {
            lane_vectors[local] += lane_vectors[local + step];
        }
    }
    return workgroupUniformLoad(&lane_vectors[0]);
}
