// What a map recalls at each cell: the mean of its points by the softmax of query · key + bias, and their spread around it; written
// as the matches and sampling weights of a pose. Twin: src/cpu/localise/recall_points.rs, which leaves out keys e⁻¹⁶ times
// as likely as the best one or less.
//
// A workgroup asks for RECALLED_CELLS cells and reads the keys once, two an invocation at a time; each invocation keeps the
// softmax of its keys by a running maximum, and these are brought to the common one and added in workgroup memory.

@group(0) @binding(0) var<storage, read> shape: FrameShape;
@group(0) @binding(1) var<storage, read> queries: array<vec4<f32>>; // cell × VECTORS
@group(0) @binding(2) var<storage, read> keys: array<vec4<f32>>; // VECTORS × key, so that neighbours are read together
@group(0) @binding(3) var<storage, read> points: array<vec4<f32>>; // key: the point, and the bias
@group(0) @binding(4) var<storage, read> pixels: array<vec4<f32>>; // cell: undistorted x y, and 1 where a ray is seen
@group(0) @binding(5) var<storage, read_write> matches: array<vec4<f32>>; // cell × 2: X Y Z 0, x y 0 0
@group(0) @binding(6) var<storage, read_write> weights: array<f32>;
@group(0) @binding(7) var<storage, read_write> spreads: array<f32>;

const VECTORS: u32 = QUERY_COLUMNS / 4u;
const WORKGROUP: u32 = RECALLED_CELLS * VECTORS;
const TINY: f32 = 1e-12;
// below all logits
const LOWEST: f32 = -1e30;

// at unit length: vector × cell
var<workgroup> unit: array<vec4<f32>, WORKGROUP>;
var<workgroup> fours: array<vec4<f32>, WORKGROUP>;
var<workgroup> sums: array<mat4x4<f32>, WORKGROUP>;

// The softmax of some keys at four cells: the largest logit, and the shares' sums: of 1, and a column a cell of the point and its
// square.
struct Memory {
    highest: vec4<f32>,
    total: vec4<f32>,
    sum: mat4x4<f32>,
}

fn nothing() -> Memory {
    return Memory(vec4<f32>(LOWEST), vec4<f32>(), mat4x4<f32>());
}

// The columns of a matrix times a number each.
fn scaled(m: mat4x4<f32>, by: vec4<f32>) -> mat4x4<f32> {
    return mat4x4<f32>(m[0] * by.x, m[1] * by.y, m[2] * by.z, m[3] * by.w);
}

// Brought to at least this largest logit.
fn raised(memory: Memory, highest: vec4<f32>) -> Memory {
    let by = exp(memory.highest - highest);
    return Memory(highest, memory.total * by, scaled(memory.sum, by));
}

// A point and its square, to each of four cells by its share.
fn shared_out(point: vec4<f32>, shares: vec4<f32>) -> mat4x4<f32> {
    let place = vec4<f32>(point.xyz, dot(point.xyz, point.xyz));
    return mat4x4<f32>(place * shares.x, place * shares.y, place * shares.z, place * shares.w);
}

// With two more keys, whose logits are the columns.
fn with_keys(memory: Memory, logits: mat2x4<f32>, point0: vec4<f32>, point1: vec4<f32>) -> Memory {
    let before = raised(memory, max(memory.highest, max(logits[0], logits[1])));
    let shares0 = exp(logits[0] - before.highest);
    let shares1 = exp(logits[1] - before.highest);
    let sum = before.sum + shared_out(point0, shares0) + shared_out(point1, shares1);
    return Memory(before.highest, before.total + shares0 + shares1, sum);
}

// Those of four cells: v · M is the product with each column.
fn unit_at(vector: u32, half: u32) -> mat4x4<f32> {
    let place = vector * RECALLED_CELLS + 4u * half;
    return mat4x4<f32>(unit[place], unit[place + 1u], unit[place + 2u], unit[place + 3u]);
}

fn load_queries(first_cell: u32, local: u32) {
    let cell = local % RECALLED_CELLS;
    let vector = local / RECALLED_CELLS;
    // beyond the end: the last one again
    let row = min(first_cell + cell, shape.columns * shape.rows - 1u);
    let query = queries[row * VECTORS + vector];
    fours[local] = query * query;
    workgroupBarrier();
    var square = vec4<f32>();
    for (var k = 0u; k < VECTORS; k++) {
        square += fours[k * RECALLED_CELLS + cell];
    }
    unit[local] = query / sqrt(max(dot(square, vec4<f32>(1.0)), TINY));
    workgroupBarrier();
}

// Of all invocations, in the first one.
fn joined(memory: Memory, local: u32) -> Memory {
    fours[local] = memory.highest;
    workgroupBarrier();
    for (var step = WORKGROUP / 2u; step > 0u; step /= 2u) {
        if (local < step) {
            fours[local] = max(fours[local], fours[local + step]);
        }
        workgroupBarrier();
    }
    let own = raised(memory, fours[0]);
    workgroupBarrier();
    fours[local] = own.total;
    sums[local] = own.sum;
    workgroupBarrier();
    for (var step = WORKGROUP / 2u; step > 0u; step /= 2u) {
        if (local < step) {
            fours[local] += fours[local + step];
            sums[local] += sums[local + step];
        }
        workgroupBarrier();
    }
    let all = Memory(own.highest, fours[0], sums[0]);
    workgroupBarrier();
    return all;
}

// Twin: sampling_weight of src/cpu/localise/recall_points.rs.
fn sampling_weight(spread: f32) -> f32 {
    let doubt = spread / shape.doubtful_spread;
    return 1.0 / (1.0 + doubt * doubt);
}

fn store(cell: u32, sum: vec4<f32>, total: f32) {
    if (cell >= shape.columns * shape.rows) {
        return;
    }
    let mean = sum / total;
    let spread = sqrt(max(mean.w - dot(mean.xyz, mean.xyz), 0.0));
    let pixel = pixels[cell];
    matches[2u * cell] = vec4<f32>(mean.xyz, 0.0);
    matches[2u * cell + 1u] = vec4<f32>(pixel.xy, 0.0, 0.0);
    weights[cell] = sampling_weight(spread) * pixel.z;
    spreads[cell] = spread;
}

fn store_four(cell: u32, memory: Memory) {
    store(cell, memory.sum[0], memory.total.x);
    store(cell + 1u, memory.sum[1], memory.total.y);
    store(cell + 2u, memory.sum[2], memory.total.z);
    store(cell + 3u, memory.sum[3], memory.total.w);
}

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let first_cell = workgroup_index(workgroup, workgroups) * RECALLED_CELLS;
    if (first_cell >= shape.columns * shape.rows) {
        return;
    }
    load_queries(first_cell, local);
    var low = nothing();
    var high = nothing();
    // two keys at a time, for which the queries are loaded once
    for (var k = local; k < shape.keys; k += 2u * WORKGROUP) {
        let other = min(k + WORKGROUP, shape.keys - 1u);
        let point0 = points[k];
        let point1 = points[other];
        // beyond the end: a key of no share
        let biases = vec2<f32>(point0.w, select(2.0 * LOWEST, point1.w, other == k + WORKGROUP));
        var low_logits = mat2x4<f32>(vec4<f32>(biases.x), vec4<f32>(biases.y));
        var high_logits = low_logits;
        for (var v = 0u; v < VECTORS; v++) {
            let key0 = keys[v * shape.keys + k];
            let key1 = keys[v * shape.keys + other];
            let unit_low = unit_at(v, 0u);
            let unit_high = unit_at(v, 1u);
            low_logits += mat2x4<f32>(key0 * unit_low, key1 * unit_low);
            high_logits += mat2x4<f32>(key0 * unit_high, key1 * unit_high);
        }
        low = with_keys(low, low_logits, point0, point1);
        high = with_keys(high, high_logits, point0, point1);
    }
    low = joined(low, local);
    high = joined(high, local);
    if (local == 0u) {
        store_four(first_cell, low);
        store_four(first_cell + 4u, high);
    }
}
