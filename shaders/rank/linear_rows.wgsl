// Rows times a matrix: out = rows · weight + bias, n × inputs by inputs × outputs, row-major. Twin: src/cpu/rank/linear_rows.rs.
//
// A workgroup makes a tile of 32 × 32, an invocation 4 × 4 of it; 16 inputs at a time pass through workgroup memory.
// mode: 0 nothing follows, 1 relu, 2 relu and added to what the output holds.

@group(0) @binding(0) var<storage, read> shape: LayerShape;
@group(0) @binding(1) var<storage, read> batch: Batch;
@group(0) @binding(2) var<storage, read> rows: array<f32>;
@group(0) @binding(3) var<storage, read> weight: array<f32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;

const TILE: u32 = 32u;
const DEPTH: u32 = 16u;
const SIDE: u32 = 8u; // invocations along a side of the tile
const WORKGROUP: u32 = SIDE * SIDE;

var<workgroup> row_tile: array<vec4<f32>, DEPTH * SIDE>;
var<workgroup> weight_tile: array<vec4<f32>, DEPTH * SIDE>;

fn row_at(row: u32, column: u32) -> f32 {
    if (row < row_count() && column < shape.inputs) {
        return rows[row * shape.inputs + column];
    }
    return 0.0;
}

fn weight_at(row: u32, column: u32) -> f32 {
    if (row < shape.inputs && column < shape.outputs) {
        return weight[row * shape.outputs + column];
    }
    return 0.0;
}

fn store(row: u32, column: u32, sum: f32) {
    if (row >= row_count() || column >= shape.outputs) {
        return;
    }
    let place = row * shape.outputs + column;
    let value = sum + bias[column];
    if (shape.mode == 0u) {
        out[place] = value;
    } else if (shape.mode == 1u) {
        out[place] = max(value, 0.0);
    } else {
        out[place] += max(value, 0.0);
    }
}

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let tiles_across = (shape.outputs + TILE - 1u) / TILE;
    let tile = workgroup_index(workgroup, workgroups);
    let first_row = tile / tiles_across * TILE;
    let first_column = tile % tiles_across * TILE;
    if (first_row >= row_count()) {
        return;
    }
    let across = local % SIDE;
    let down = local / SIDE;
    var sums: array<vec4<f32>, 4>;
    for (var start = 0u; start < shape.inputs; start += DEPTH) {
        workgroupBarrier();
        for (var i = local; i < DEPTH * SIDE; i += WORKGROUP) {
            // rows: four of them a vector, neighbouring invocations read neighbouring inputs
            let input = start + i % DEPTH;
            let row = first_row + 4u * (i / DEPTH);
            row_tile[i % DEPTH * SIDE + i / DEPTH] =
                vec4<f32>(row_at(row, input), row_at(row + 1u, input), row_at(row + 2u, input), row_at(row + 3u, input));
            let column = first_column + 4u * (i % SIDE);
            let depth = start + i / SIDE;
            weight_tile[i] = vec4<f32>(
                weight_at(depth, column),
                weight_at(depth, column + 1u),
                weight_at(depth, column + 2u),
                weight_at(depth, column + 3u),
            );
        }
        workgroupBarrier();
        for (var k = 0u; k < DEPTH; k++) {
            let x = row_tile[k * SIDE + down];
            let w = weight_tile[k * SIDE + across];
            sums[0] += x.x * w;
            sums[1] += x.y * w;
            sums[2] += x.z * w;
            sums[3] += x.w * w;
        }
    }
    for (var r = 0u; r < 4u; r++) {
        for (var c = 0u; c < 4u; c++) {
            store(first_row + 4u * down + r, first_column + 4u * across + c, sums[r][c]);
        }
    }
}
