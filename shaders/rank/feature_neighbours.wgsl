// The nearest matches of each match of a pair in feature space, itself included, as rows of the batch, ascending by distance.
// Twin: src/cpu/rank/feature_neighbours.rs.
//
// A workgroup finds those of TILE rows: the distances to TILE others at a time, an invocation a distance, the channels in parts
// through workgroup memory; one invocation a row keeps the nearest.

@group(0) @binding(0) var<storage, read> shape: LayerShape;
@group(0) @binding(1) var<storage, read> batch: Batch;
@group(0) @binding(2) var<storage, read> rows: array<f32>;
@group(0) @binding(3) var<storage, read_write> neighbours: array<u32>;

const TILE: u32 = 16u;
const DEPTH: u32 = 32u;
// a row of a tile, without bank conflicts
const STRIDE: u32 = DEPTH + 1u;
const WORKGROUP: u32 = TILE * TILE;

var<workgroup> own_tile: array<f32, TILE * STRIDE>;
var<workgroup> other_tile: array<f32, TILE * STRIDE>;
var<workgroup> distances: array<f32, WORKGROUP>;

fn value_at(row: u32, column: u32) -> f32 {
    if (row < row_count() && column < shape.inputs) {
        return rows[row * shape.inputs + column];
    }
    return 0.0;
}

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let first = workgroup_index(workgroup, workgroups) * TILE;
    if (first >= row_count()) {
        return;
    }
    let k = shape.neighbours;
    // rows of a tile may be of different pairs
    let last = min(first + TILE, row_count()) - 1u;
    let begin = batch.offsets[pair_of_row(first)];
    let end = batch.offsets[pair_of_row(last) + 1u];
    let own = min(first + local, last);
    let own_pair = pair_of_row(own);
    var nearest: Nearest;
    clear_nearest(&nearest, k, own);
    for (var start = begin; start < end; start += TILE) {
        var distance = 0.0;
        for (var depth = 0u; depth < shape.inputs; depth += DEPTH) {
            workgroupBarrier();
            for (var i = local; i < TILE * DEPTH; i += WORKGROUP) {
                let place = i / DEPTH * STRIDE + i % DEPTH;
                own_tile[place] = value_at(first + i / DEPTH, depth + i % DEPTH);
                other_tile[place] = value_at(start + i / DEPTH, depth + i % DEPTH);
            }
            workgroupBarrier();
            for (var c = 0u; c < DEPTH; c++) {
                let off = own_tile[local / TILE * STRIDE + c] - other_tile[local % TILE * STRIDE + c];
                distance += off * off;
            }
        }
        distances[local] = distance;
        workgroupBarrier();
        if (local < TILE) {
            for (var i = 0u; i < TILE; i++) {
                let other = start + i;
                if (other >= batch.offsets[own_pair] && other < batch.offsets[own_pair + 1u]) {
                    insert_nearest(&nearest, k, distances[local * TILE + i], other);
                }
            }
        }
    }
    if (local < TILE && first + local <= last) {
        for (var i = 0u; i < k; i++) {
            neighbours[own * k + i] = nearest.rows[i];
        }
    }
}
