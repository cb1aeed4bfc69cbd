// The coordinates of drawn matches, a drawn match an invocation; 0 for an index of −1. Twin: src/cpu/train/gather_matches.rs.
// params of its own: matches a sample, coordinates a match.

@group(0) @binding(1) var<storage, read> matches: array<f32>;
@group(0) @binding(2) var<storage, read> indices: array<f32>;
@group(0) @binding(3) var<storage, read_write> points: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let place = invocation_index(workgroup, workgroups, local, 64u);
    if (place >= row_count() * params[2]) {
        return;
    }
    let drawn = indices[place] >= 0.0;
    let index = u32(max(indices[place], 0.0));
    for (var k = 0u; k < params[3]; k++) {
        points[place * params[3] + k] = select(0.0, matches[index * params[3] + k], drawn);
    }
}
