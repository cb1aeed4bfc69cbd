// Messages of the nearest neighbours: mean over j of relu(A h_i + B h_j + G e_ij + b), four channels of a match at a time.
// A h and B h are columns 0..C and C..2C of `both`. Twin: src/cpu/rank/pool_neighbours.rs.
//
// A workgroup pools POOLED_EDGES edges at most, of whole rows, which pass through workgroup memory; an invocation keeps the weights
// of its channels in registers.

@group(0) @binding(0) var<storage, read> shape: LayerShape;
@group(0) @binding(1) var<storage, read> batch: Batch;
@group(0) @binding(2) var<storage, read> both: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> neighbours: array<u32>;
@group(0) @binding(4) var<storage, read> edges: array<f32>;
@group(0) @binding(5) var<storage, read> weight: array<vec4<f32>>; // G, then b
@group(0) @binding(6) var<storage, read_write> out: array<vec4<f32>>;

const WORKGROUP: u32 = 64u;
// Vectors of an edge: its numbers, then 1, by which b counts as one more row of G.
const PARTS: u32 = 3u;
const_assert EDGE_COLUMNS + 1u == 4u * PARTS;

var<workgroup> tile: array<vec4<f32>, POOLED_EDGES * PARTS>;

fn edge_part(edge: u32, part: u32) -> vec4<f32> {
    let first = edge * EDGE_COLUMNS + 4u * part;
    if (part + 1u == PARTS) {
        return vec4<f32>(edges[first], edges[first + 1u], edges[first + 2u], 1.0);
    }
    return vec4<f32>(edges[first], edges[first + 1u], edges[first + 2u], edges[first + 3u]);
}

// Four rows of G and b.
fn weights_of(part: u32, column: u32, vectors: u32) -> mat4x4<f32> {
    let first = 4u * part * vectors + column;
    return mat4x4<f32>(weight[first], weight[first + vectors], weight[first + 2u * vectors], weight[first + 3u * vectors]);
}

fn add_product(sum: vec4<f32>, w: mat4x4<f32>, x: vec4<f32>) -> vec4<f32> {
    return sum + x.x * w[0] + x.y * w[1] + x.z * w[2] + x.w * w[3];
}

// Four channels of every `lanes`-th row from `begin` on; the tile begins with the edges of the row `first`.
fn pool_column(column: u32, first: u32, begin: u32, end: u32, lanes: u32) {
    let k = shape.neighbours;
    let vectors = shape.outputs / 4u;
    let w0 = weights_of(0u, column, vectors);
    let w1 = weights_of(1u, column, vectors);
    let w2 = weights_of(2u, column, vectors);
    for (var row = begin; row < end; row += lanes) {
        let own = both[row * 2u * vectors + column];
        var sum = vec4<f32>();
        for (var i = 0u; i < k; i++) {
            let edge = row * k + i;
            let place = (edge - first * k) * PARTS;
            var message = own + both[(neighbours[edge] * 2u + 1u) * vectors + column];
            message = add_product(message, w0, tile[place]);
            message = add_product(message, w1, tile[place + 1u]);
            message = add_product(message, w2, tile[place + 2u]);
            sum += max(message, vec4<f32>());
        }
        out[row * vectors + column] = sum / f32(k);
    }
}

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let k = shape.neighbours;
    let tile_rows = POOLED_EDGES / k;
    let first = workgroup_index(workgroup, workgroups) * tile_rows;
    let end = min(first + tile_rows, row_count());
    if (first >= end) {
        return;
    }
    for (var i = local; i < (end - first) * k * PARTS; i += WORKGROUP) {
        tile[i] = edge_part(first * k + i / PARTS, i % PARTS);
    }
    workgroupBarrier();
    let vectors = shape.outputs / 4u;
    let width = min(vectors, WORKGROUP);
    let lanes = WORKGROUP / width;
    let lane = local / width;
    if (lane < lanes) {
        for (var column = local % width; column < vectors; column += width) {
            pool_column(column, first, first + lane, end, lanes);
        }
    }
}
