// The means of a plane's blocks of BLOCK_PX × BLOCK_PX pixels; of those at the right and lower borders over what is there. A
// channel of a block an invocation. Twin: src/cpu/localise/mean_blocks.rs.

@group(0) @binding(0) var<storage, read> shape: PlaneShape;
@group(0) @binding(1) var<storage, read> plane: array<f32>;
@group(0) @binding(2) var<storage, read_write> means: array<f32>;

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
    let block = index / shape.channels;
    let left = block % shape.columns_out * BLOCK_PX;
    let top = block / shape.columns_out * BLOCK_PX;
    let right = min(left + BLOCK_PX, shape.columns);
    let bottom = min(top + BLOCK_PX, shape.rows);
    var sum = 0.0;
    for (var y = top; y < bottom; y++) {
        for (var x = left; x < right; x++) {
            sum += plane[(y * shape.columns + x) * shape.channels + index % shape.channels];
        }
    }
    means[index] = sum / f32((right - left) * (bottom - top));
}
