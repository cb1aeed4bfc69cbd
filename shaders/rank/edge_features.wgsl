// What the ranking network knows of each match and one of its neighbours: n × k rows of EDGE_COLUMNS, a match an invocation.
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
    let k = shape.neighbours;
    let own = matches[row];
    var mean = 0.0;
    for (var i = 0u; i < k; i++) {
        mean += length(matches[neighbours[row * k + i]] - own);
    }
    mean = max(mean / f32(k), EPSILON);
    for (var i = 0u; i < k; i++) {
        let other = neighbours[row * k + i];
        let d = matches[other] - own;
        var edge: array<f32, EDGE_COLUMNS>;
        for (var c = 0u; c < 4u; c++) {
            edge[c] = d[c] / mean;
        }
        edge[4] = log(length(d.xy) + EPSILON);
        edge[5] = log(length(d.zw) + EPSILON);
        if (is_known(row)) {
            edge[6] = residual(row, d);
        }
        if (is_known(other)) {
            edge[7] = residual(other, d);
        }
        if (is_known(row) && is_known(other)) {
            let a = turn(row);
            let b = turn(other);
            edge[8] = ln_scale(other) - ln_scale(row);
            edge[9] = dot(a, b);
            edge[10] = b.y * a.x - b.x * a.y;
        }
        for (var c = 0u; c < EDGE_COLUMNS; c++) {
            edges[(row * k + i) * EDGE_COLUMNS + c] = edge[c];
        }
    }
}
