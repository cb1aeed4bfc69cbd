// The nearest other matches of each match of a pair in (x1, y1, x2, y2), a match an invocation: rows of the batch, nearest
// first, equally near ones by place; itself where there are too few. Twin: src/cpu/rank/find_neighbours.rs.

@group(0) @binding(0) var<storage, read> shape: LayerShape;
@group(0) @binding(1) var<storage, read> batch: Batch;
@group(0) @binding(2) var<storage, read> matches: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> neighbours: array<u32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let row = invocation_index(workgroup, workgroups, local, 64u);
    if (row >= row_count()) {
        return;
    }
    let pair = pair_of_row(row);
    let k = shape.neighbours;
    let own = matches[row];
    var nearest: Nearest;
    clear_nearest(&nearest, k, row);
    for (var other = batch.offsets[pair]; other < batch.offsets[pair + 1u]; other++) {
        if (other != row) {
            let d = matches[other] - own;
            insert_nearest(&nearest, k, (d.x * d.x + d.y * d.y) + (d.z * d.z + d.w * d.w), other);
        }
    }
    for (var i = 0u; i < k; i++) {
        neighbours[row * k + i] = nearest.rows[i];
    }
}
