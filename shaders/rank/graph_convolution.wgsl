// The graph convolution of CLNet in O(n), per pair: y_i = left_i Σ_j right_j x_j + self_i x_i. Twin: src/cpu/rank/graph_convolution.rs,
// where both modes are written down: 0 exact, 1 collapsed. A workgroup does NORM_CHANNELS channels of a pair, of a multiple of four.

@group(0) @binding(0) var<storage, read> shape: LayerShape;
@group(0) @binding(1) var<storage, read> batch: Batch;
@group(0) @binding(2) var<storage, read> rows: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> logits: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4<f32>>;

// How much a match takes part.
fn share(row: u32) -> f32 {
    return max(tanh(clamp(logits[row], -20.0, 20.0)), 0.0);
}

// left, right and self of a match, from the sum of a or a² over the pair.
fn factors(row: u32, sum: f32, count: f32) -> vec3<f32> {
    if (shape.mode == 1u) {
        let own = 1.0 / (count * sum + 1.0);
        return vec3<f32>(sum * own, 1.0, own);
    }
    let a = share(row);
    let root = 1.0 / sqrt(a * sum + 1.0);
    return vec3<f32>(a * root, a * root, root * root);
}

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let vectors = shape.inputs / 4u;
    let groups = (vectors + VECTORS - 1u) / VECTORS;
    let index = workgroup_index(workgroup, workgroups);
    let pair = index / groups;
    if (pair >= batch.pairs) {
        return;
    }
    let end = batch.offsets[pair + 1u];
    let count = f32(end - batch.offsets[pair]);
    let vector = index % groups * VECTORS + local % VECTORS;
    let column = min(vector, vectors - 1u);
    let first = batch.offsets[pair] + local / VECTORS;
    var shares = 0.0;
    for (var row = first; row < end; row += LANES) {
        let a = share(row);
        shares += select(a, a * a, shape.mode == 1u);
    }
    let sum = sum_over_lanes(vec4<f32>(shares), local).x;
    var partial_sum = vec4<f32>();
    for (var row = first; row < end; row += LANES) {
        partial_sum += factors(row, sum, count).y * rows[row * vectors + column];
    }
    let total = sum_over_lanes(partial_sum, local);
    if (vector >= vectors) {
        return;
    }
    for (var row = first; row < end; row += LANES) {
        let f = factors(row, sum, count);
        let place = row * vectors + column;
        out[place] = f.x * total + f.z * rows[place];
    }
}
