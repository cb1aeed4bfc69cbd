// The gradients of the instance norm of rows, with scale and shift, from that of its output. Twin:
// src/train/networks/ops/segment_norm.rs.
//
// A workgroup has NORM_CHANNELS channels of a pair, of a multiple of four. mode: 0 out = relu(norm), otherwise out = norm.

@group(0) @binding(0) var<storage, read> shape: LayerShape;
@group(0) @binding(1) var<storage, read> batch: Batch;
@group(0) @binding(2) var<storage, read> rows: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> affine: array<vec4<f32>>; // γ, then β
@group(0) @binding(4) var<storage, read> gradient: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> to_rows: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> to_gamma: array<vec4<f32>>; // pairs × channels
@group(0) @binding(7) var<storage, read_write> to_beta: array<vec4<f32>>; // pairs × channels

var<workgroup> is_beyond: u32;

// The gradient that the ReLU lets through.
fn passed_at(place: u32, value: vec4<f32>) -> vec4<f32> {
    if (shape.mode != 0u) {
        return gradient[place];
    }
    return select(vec4<f32>(), gradient[place], value > vec4<f32>());
}

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let vectors = shape.outputs / 4u;
    let groups = (vectors + VECTORS - 1u) / VECTORS;
    let index = workgroup_index(workgroup, workgroups);
    let pair = index / groups;
    // that all return, or none: what comes from writable storage is not so to validators
    if (local == 0u) {
        is_beyond = select(0u, 1u, pair >= batch.pairs);
    }
    if (workgroupUniformLoad(&is_beyond) == 1u) {
        return;
    }
    let begin = batch.offsets[pair];
    let end = batch.offsets[pair + 1u];
    // beyond the last channels: those again, unwritten
    let vector = index % groups * VECTORS + local % VECTORS;
    let column = min(vector, vectors - 1u);
    let first = begin + local / VECTORS;
    let count = max(f32(end - begin), 1.0);
    let moments = segment_moments(first, end, count, vectors, column, local);
    let scale = 1.0 / sqrt(moments.variance + EPSILON);
    let gamma = affine[column];
    let beta = affine[vectors + column];
    var gamma_part = vec4<f32>();
    var beta_part = vec4<f32>();
    for (var row = first; row < end; row += LANES) {
        let place = row * vectors + column;
        let normal = (rows[place] - moments.mean) * scale;
        let passed = passed_at(place, gamma * normal + beta);
        gamma_part += passed * normal;
        beta_part += passed;
    }
    let gamma_sum = sum_over_lanes(gamma_part, local);
    let beta_sum = sum_over_lanes(beta_part, local);
    if (vector >= vectors) {
        return;
    }
    if (local < VECTORS) {
        to_gamma[pair * vectors + vector] = gamma_sum;
        to_beta[pair * vectors + vector] = beta_sum;
    }
    for (var row = first; row < end; row += LANES) {
        let place = row * vectors + column;
        let normal = (rows[place] - moments.mean) * scale;
        let passed = passed_at(place, gamma * normal + beta);
        to_rows[place] = gamma * scale * (passed - (beta_sum + normal * gamma_sum) / count);
    }
}
