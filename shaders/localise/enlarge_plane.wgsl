// Adds a plane to a larger one, brought to its size: between its pixels bilinearly, beyond the outermost as they are. A number
// an invocation. Twin: src/cpu/localise/enlarge_plane.rs.

@group(0) @binding(0) var<storage, read> shape: PlaneShape;
@group(0) @binding(1) var<storage, read> small: array<f32>;
@group(0) @binding(2) var<storage, read_write> plane: array<f32>;

// Two pixels, and the share of the second.
struct Between {
    first: u32,
    second: u32,
    share: f32,
}

// Where a pixel of a large side lies on a small one.
fn between(large: u32, large_side: u32, small_side: u32) -> Between {
    let place = (f32(large) + 0.5) * (f32(small_side) / f32(large_side)) - 0.5;
    let inside = clamp(place, 0.0, f32(small_side - 1u));
    let first = min(u32(inside), small_side - 1u);
    return Between(first, min(first + 1u, small_side - 1u), inside - f32(first));
}

// Along a row, the share in between.
fn along_row(across: Between, row: u32, channel: u32) -> f32 {
    let first = small[(row * shape.columns + across.first) * shape.channels + channel];
    let second = small[(row * shape.columns + across.second) * shape.channels + channel];
    return first + (second - first) * across.share;
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = invocation_index(workgroup, workgroups, local, 64u);
    if (index >= shape.columns_out * shape.rows_out * shape.channels) {
        return;
    }
    let channel = index % shape.channels;
    let pixel = index / shape.channels;
    let across = between(pixel % shape.columns_out, shape.columns_out, shape.columns);
    let down = between(pixel / shape.columns_out, shape.rows_out, shape.rows);
    let above = along_row(across, down.first, channel);
    let below = along_row(across, down.second, channel);
    plane[index] += above + (below - above) * down.share;
}
