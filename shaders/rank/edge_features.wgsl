// Features of the edge from each match to each of its neighbours: n × k rows of EDGE_COLUMNS, an edge an invocation.
// Twin: src/cpu/rank/edge_features.rs, where the columns are listed.

@group(0) @binding(0) var<storage, read> shape: LayerShape;
@group(0) @binding(1) var<storage, read> batch: Batch;
@group(0) @binding(2) var<storage, read> matches: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> rows: array<f32>;
@group(0) @binding(4) var<storage, read> neighbours: array<u32>;
@group(0) @binding(5) var<storage, read_write> edges: array<f32>;

const EPSILON: f32 = 1e-3;

fn is_known(row: u32) -> bool {
    return rows[row * ROW_COLUMNS + SHAPE_KNOWN] != 0.0;
}

fn ln_scale(row: u32) -> f32 {
    return rows[row * ROW_COLUMNS + LN_SCALE];
}

// Cosine and sine of the relative angle.
fn turn(row: u32) -> vec2<f32> {
    return vec2<f32>(rows[row * ROW_COLUMNS + COS_ANGLE], rows[row * ROW_COLUMNS + SIN_ANGLE]);
}

// How far d2 is from d1 under the similarity of a match, in 0..1.
fn residual(row: u32, d: vec4<f32>) -> f32 {
    let scale = exp(ln_scale(row));
    let t = turn(row);
    let off = d.zw - scale * vec2<f32>(t.x * d.x - t.y * d.y, t.y * d.x + t.x * d.y);
    return length(off) / (length(d.zw) + scale * length(d.xy) + EPSILON);
}

// How far the neighbours of a row are on average.
fn mean_distance(row: u32, k: u32) -> f32 {
    var sum = 0.0;
    for (var i = 0u; i < k; i++) {
        sum += length(matches[neighbours[row * k + i]] - matches[row]);
    }
    return max(sum / f32(k), EPSILON);
}

fn store_three(place: u32, values: vec3<f32>) {
    edges[place] = values.x;
    edges[place + 1u] = values.y;
    edges[place + 2u] = values.z;
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let k = shape.neighbours;
    let edge = invocation_index(workgroup, workgroups, local, 64u);
    let row = edge / k;
    if (row >= row_count()) {
        return;
    }
    let other = neighbours[edge];
    let d = matches[other] - matches[row];
    let known = vec2<bool>(is_known(row), is_known(other));
    let a = turn(row);
    let b = turn(other);
    let relative = vec3<f32>(ln_scale(other) - ln_scale(row), dot(a, b), b.y * a.x - b.x * a.y);
    let place = edge * EDGE_COLUMNS;
    let scaled = d / mean_distance(row, k);
    store_three(place, scaled.xyz);
    store_three(place + 3u, vec3<f32>(scaled.w, log(length(d.xy) + EPSILON), log(length(d.zw) + EPSILON)));
    edges[place + 6u] = select(0.0, residual(row, d), known.x);
    edges[place + 7u] = select(0.0, residual(other, d), known.y);
    store_three(place + 8u, select(vec3<f32>(), relative, all(known)));
}
