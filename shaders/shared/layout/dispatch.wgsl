// The flat index of a workgroup, or of an invocation, when the host spread more than 65 535 workgroups over y.

fn workgroup_index(id: vec3<u32>, count: vec3<u32>) -> u32 {
    return id.y * count.x + id.x;
}

fn invocation_index(id: vec3<u32>, count: vec3<u32>, local: u32, size: u32) -> u32 {
    return workgroup_index(id, count) * size + local;
}
