// The gradient by the coordinates, a match an invocation: the sum over the samples of its pair that hold it. Twin:
// src/cpu/train/gather_matches.rs.

@group(0) @binding(1) var<storage, read> indices: array<f32>;
@group(0) @binding(2) var<storage, read> point_gradients: array<f32>;
@group(0) @binding(3) var<storage, read_write> match_gradients: array<f32>;

const MAX_COORDINATES: u32 = 8u;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = invocation_index(workgroup, workgroups, local, 64u);
    if (index >= match_total()) {
        return;
    }
    let pair = pair_of_match(index);
    let drawn_a_pair = hypothesis_count() * params[2];
    let width = min(params[3], MAX_COORDINATES);
    var sums = array<f32, MAX_COORDINATES>();
    for (var place = pair * drawn_a_pair; place < (pair + 1u) * drawn_a_pair; place++) {
        if (indices[place] == f32(index)) {
            for (var k = 0u; k < width; k++) {
                sums[k] += point_gradients[place * width + k];
            }
        }
    }
    for (var k = 0u; k < width; k++) {
        match_gradients[index * width + k] = sums[k];
    }
}
