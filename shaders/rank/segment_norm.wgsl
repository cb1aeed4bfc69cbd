// Instance norm of rows, per pair and channel, with scale and shift. Twin: src/cpu/rank/segment_norm.rs.
//
// A workgroup norms CHANNELS channels of a pair. mode: 0 out = relu(norm), 1 out += relu(norm), 2 out = relu(norm + out),
// 3 out = norm.

@group(0) @binding(0) var<storage, read> shape: LayerShape;
@group(0) @binding(1) var<storage, read> batch: Batch;
@group(0) @binding(2) var<storage, read> rows: array<f32>;
@group(0) @binding(3) var<storage, read> affine: array<f32>; // γ, then β
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

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
    let moments = segment_moments(first, end, f32(end - begin), channels, column, local);
    let mean = moments.x;
    let scale = affine[column] / sqrt(moments.y + EPSILON);
    let shift = affine[channels + column];
    if (channel >= channels) {
        return;
    }
    for (var row = first; row < end; row += LANES) {
        let place = row * channels + column;
        let normed = (rows[place] - mean) * scale + shift;
        if (shape.mode == 0u) {
            out[place] = max(normed, 0.0);
        } else if (shape.mode == 1u) {
            out[place] += max(normed, 0.0);
        } else if (shape.mode == 2u) {
            out[place] = max(normed + out[place], 0.0);
        } else {
            out[place] = normed;
        }
    }
}
