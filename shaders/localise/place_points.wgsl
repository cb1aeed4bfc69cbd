// The points that a network says of cells, written as the matches and sampling weights of a pose: a network does not say how
// sure it is, so that all cells that see a ray are sampled alike. A cell an invocation. Twin: src/cpu/localise/place_points.rs.

@group(0) @binding(0) var<storage, read> shape: FrameShape;
@group(0) @binding(1) var<storage, read> points: array<vec4<f32>>; // cell: X Y Z, and nothing
@group(0) @binding(2) var<storage, read> pixels: array<vec4<f32>>; // cell: undistorted x y, and 1 where a ray is seen
@group(0) @binding(3) var<storage, read_write> matches: array<vec4<f32>>; // cell × 2: X Y Z 0, x y 0 0
@group(0) @binding(4) var<storage, read_write> weights: array<f32>;
@group(0) @binding(5) var<storage, read_write> spreads: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let cell = invocation_index(workgroup, workgroups, local, 64u);
    if (cell >= shape.columns * shape.rows) {
        return;
    }
    let pixel = pixels[cell];
    matches[2u * cell] = vec4<f32>(points[cell].xyz, 0.0);
    matches[2u * cell + 1u] = vec4<f32>(pixel.xy, 0.0, 0.0);
    weights[cell] = pixel.z;
    spreads[cell] = 0.0;
}
