// The inlier mask as bits, for a read-back of a 32nd of its bytes; a word an invocation, the first match in the lowest bit.

@group(0) @binding(0) var<storage, read> inlier_mask: array<u32>;
@group(0) @binding(1) var<storage, read_write> words: array<u32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = invocation_index(workgroup, workgroups, local, 64u);
    if (index >= arrayLength(&words)) {
        return;
    }
    let first = 32u * index;
    let count = min(32u, arrayLength(&inlier_mask) - min(first, arrayLength(&inlier_mask)));
    var word = 0u;
    for (var k = 0u; k < count; k++) {
        word |= inlier_mask[first + k] << k;
    }
    words[index] = word;
}
