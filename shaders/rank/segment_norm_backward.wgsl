// The gradients of the instance norm of rows, with scale and shift, from that of its output. Twin:
// src/train/network_ops/segment_norm.rs.
//
// A workgroup has CHANNELS channels of a pair. mode: 0 out = relu(norm), otherwise out = norm.

@group(0) @binding(0) var<storage, read> shape: LayerShape;
@group(0) @binding(1) var<storage, read> batch: Batch;
@group(0) @binding(2) var<storage, read> rows: array<f32>;
@group(0) @binding(3) var<storage, read> affine: array<f32>; // γ, then β
@group(0) @binding(4) var<storage, read> gradient: array<f32>;
@group(0) @binding(5) var<storage, read_write> to_rows: array<f32>;
@group(0) @binding(6) var<storage, read_write> to_gamma: array<f32>; // pairs × channels
@group(0) @binding(7) var<storage, read_write> to_beta: array<f32>; // pairs × channels

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let channels = shape.outputs;
    let groups = (channels + CHANNELS - 1u) / CHANNELS;
    let index = workgroup_index(workgroup, workgroups);
    let pair = index / groups;
    if (pair >= batch.pairs) {
        return;
    }
    let begin = batch.offsets[pair];
    let end = batch.offsets[pair + 1u];
    // beyond the last channel: that one again, unwritten
    let channel = index % groups * CHANNELS + local % CHANNELS;
    let column = min(channel, channels - 1u);
    let first = begin + local / CHANNELS;
    let count = max(f32(end - begin), 1.0);
    let moments = segment_moments(first, end, count, channels, column, local);
    let mean = moments.x;
    let scale = 1.0 / sqrt(moments.y + EPSILON);
    let gamma = affine[column];
    let beta = affine[channels + column];
    var gamma_part = 0.0;
    var beta_part = 0.0;
    for (var row = first; row < end; row += LANES) {
        let place = row * channels + column;
        let normal = (rows[place] - mean) * scale;
        let passed = select(0.0, gradient[place], shape.mode != 0u || gamma * normal + beta > 0.0);
        gamma_part += passed * normal;
        beta_part += passed;
    }
    let gamma_sum = sum_over_lanes(gamma_part, local);
    let beta_sum = sum_over_lanes(beta_part, local);
    if (channel >= channels) {
        return;
    }
    if (local < CHANNELS) {
        to_gamma[pair * channels + channel] = gamma_sum;
        to_beta[pair * channels + channel] = beta_sum;
    }
    for (var row = first; row < end; row += LANES) {
        let place = row * channels + column;
        let normal = (rows[place] - mean) * scale;
        let passed = select(0.0, gradient[place], shape.mode != 0u || gamma * normal + beta > 0.0);
        to_rows[place] = gamma * scale * (passed - (beta_sum + normal * gamma_sum) / count);
    }
}
