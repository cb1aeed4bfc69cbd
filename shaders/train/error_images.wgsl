// The residual of every match of its pair under every model, an entry an invocation. Twin: src/cpu/train/error_images.rs.

@group(0) @binding(3) var<storage, read_write> images: array<f32>; // rows × cells

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = invocation_index(workgroup, workgroups, local, 64u);
    if (index >= row_count() * cell_count()) {
        return;
    }
    let row = index / cell_count();
    let pair = row / hypothesis_count();
    let errors = make_errors(rows_at(row), metric_of(pair));
    images[index] = bounded_residual(errors, row, match_start(pair) + index % cell_count()).value;
}
