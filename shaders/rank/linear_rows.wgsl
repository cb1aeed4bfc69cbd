// Rows times a matrix: out = rows · weight + bias, n × inputs by inputs × outputs, row-major, outputs a multiple of four. Twin:
// src/cpu/rank/linear_rows.rs.
//
// A workgroup makes a tile of TILE_ROWS × TILE_COLUMNS, an invocation four rows of half its columns in registers; the
// weights of DEPTH inputs at a time pass through workgroup memory, the rows do not: they are short and stay in the cache.
// mode: 0 nothing follows, 1 relu, 2 relu and added to what the output holds.

@group(0) @binding(0) var<storage, read> shape: LayerShape;
@group(0) @binding(1) var<storage, read> batch: Batch;
@group(0) @binding(2) var<storage, read> rows: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> weight: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> bias: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> out: array<vec4<f32>>;

const DEPTH: u32 = 64u;
const WIDTH: u32 = TILE_COLUMNS / 4u;
const DOWN: u32 = TILE_ROWS / 4u; // from one row of an invocation to the next
const WORKGROUP: u32 = 2u * DOWN;

var<workgroup> weight_tile: array<vec4<f32>, DEPTH * WIDTH>;

fn input_at(row: u32, column: u32) -> f32 {
    if (column >= shape.inputs) {
        return 0.0;
    }
    let place = row * shape.inputs + column;
    return rows[place / 4u][place % 4u];
}

fn four_inputs(row: u32, column: u32) -> vec4<f32> {
    if (shape.inputs % 4u == 0u) {
        return rows[(row * shape.inputs + column) / 4u];
    }
    return vec4<f32>(
        input_at(row, column),
        input_at(row, column + 1u),
        input_at(row, column + 2u),
        input_at(row, column + 3u),
    );
}

// The weights of one input, for the sixteen outputs of an invocation.
fn weights_at(place: u32) -> mat4x4<f32> {
    return mat4x4<f32>(weight_tile[place], weight_tile[place + 1u], weight_tile[place + 2u], weight_tile[place + 3u]);
}

// Those of DEPTH inputs, zero beyond the last.
fn load_weights(start: u32, first_vector: u32, local: u32) {
    let vectors = shape.outputs / 4u;
    for (var i = local; i < DEPTH * WIDTH; i += WORKGROUP) {
        let input = start + i / WIDTH;
        let vector = first_vector + i % WIDTH;
        var w = vec4<f32>();
        if (input < shape.inputs && vector < vectors) {
            w = weight[input * vectors + vector];
        }
        weight_tile[i] = w;
    }
}

fn store(row: u32, vector: u32, sum: vec4<f32>) {
    let vectors = shape.outputs / 4u;
    if (vector >= vectors) {
        return;
    }
    let place = row * vectors + vector;
    let value = sum + bias[vector];
    if (shape.mode == 0u) {
        out[place] = value;
    } else if (shape.mode == 1u) {
        out[place] = max(value, vec4<f32>());
    } else {
        out[place] += max(value, vec4<f32>());
    }
}

fn store_row(row: u32, vector: u32, sums: mat4x4<f32>) {
    if (row < row_count()) {
        store(row, vector, sums[0]);
        store(row, vector + 1u, sums[1]);
        store(row, vector + 2u, sums[2]);
        store(row, vector + 3u, sums[3]);
    }
}

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let tiles_across = (shape.outputs + TILE_COLUMNS - 1u) / TILE_COLUMNS;
    let tile = workgroup_index(workgroup, workgroups);
    let first_row = tile / tiles_across * TILE_ROWS;
    let first_vector = tile % tiles_across * WIDTH;
    let count = row_count();
    if (first_row >= count) {
        return;
    }
    let half = local % 2u * 4u;
    let row = first_row + local / 2u;
    // beyond the end: the last row again
    let r0 = min(row, count - 1u);
    let r1 = min(row + DOWN, count - 1u);
    let r2 = min(row + 2u * DOWN, count - 1u);
    let r3 = min(row + 3u * DOWN, count - 1u);
    var sums0 = mat4x4<f32>();
    var sums1 = mat4x4<f32>();
    var sums2 = mat4x4<f32>();
    var sums3 = mat4x4<f32>();
    for (var start = 0u; start < shape.inputs; start += DEPTH) {
        workgroupBarrier();
        load_weights(start, first_vector, local);
        workgroupBarrier();
        let end = min(DEPTH, shape.inputs - start);
        for (var k = 0u; k < end; k += 4u) {
            let x0 = four_inputs(r0, start + k);
            let x1 = four_inputs(r1, start + k);
            let x2 = four_inputs(r2, start + k);
            let x3 = four_inputs(r3, start + k);
            var w = weights_at(k * WIDTH + half);
            sums0 += w * x0.x;
            sums1 += w * x1.x;
            sums2 += w * x2.x;
            sums3 += w * x3.x;
            w = weights_at((k + 1u) * WIDTH + half);
            sums0 += w * x0.y;
            sums1 += w * x1.y;
            sums2 += w * x2.y;
            sums3 += w * x3.y;
            w = weights_at((k + 2u) * WIDTH + half);
            sums0 += w * x0.z;
            sums1 += w * x1.z;
            sums2 += w * x2.z;
            sums3 += w * x3.z;
            w = weights_at((k + 3u) * WIDTH + half);
            sums0 += w * x0.w;
            sums1 += w * x1.w;
            sums2 += w * x2.w;
            sums3 += w * x3.w;
        }
    }
    let vector = first_vector + half;
    store_row(row, vector, sums0);
    store_row(row + DOWN, vector, sums1);
    store_row(row + 2u * DOWN, vector, sums2);
    store_row(row + 3u * DOWN, vector, sums3);
}
