// Messages of the nearest neighbours: mean over j of relu(A h_i + B h_j + G e_ij + b), four channels of a match an invocation.
// A h and B h are columns 0..C and C..2C of `both`. Twin: src/cpu/rank/pool_neighbours.rs.

@group(0) @binding(0) var<storage, read> shape: LayerShape;
@group(0) @binding(1) var<storage, read> batch: Batch;
@group(0) @binding(2) var<storage, read> both: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> neighbours: array<u32>;
@group(0) @binding(4) var<storage, read> edges: array<f32>;
@group(0) @binding(5) var<storage, read> weight: array<vec4<f32>>; // G, then b
@group(0) @binding(6) var<storage, read_write> out: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let vectors = shape.outputs / 4u;
    let index = invocation_index(workgroup, workgroups, local, 64u);
    let row = index / vectors;
    let column = index % vectors;
    if (row >= row_count()) {
        return;
    }
    var edge_weight: array<vec4<f32>, EDGE_COLUMNS>;
    for (var e = 0u; e < EDGE_COLUMNS; e++) {
        edge_weight[e] = weight[e * vectors + column];
    }
    let own = both[row * 2u * vectors + column] + weight[EDGE_COLUMNS * vectors + column];
    let k = shape.neighbours;
    var sum = vec4<f32>();
    for (var place = row * k; place < (row + 1u) * k; place++) {
        var message = own + both[(neighbours[place] * 2u + 1u) * vectors + column];
        for (var e = 0u; e < EDGE_COLUMNS; e++) {
            message += edges[place * EDGE_COLUMNS + e] * edge_weight[e];
        }
        sum += max(message, vec4<f32>());
    }
    out[row * vectors + column] = sum / f32(k);
}
