// Instance norm of rows, per pair and channel, with scale and shift. Twin: src/cpu/rank/segment_norm.rs.
//
// A workgroup norms NORM_CHANNELS channels of a pair, of a multiple of four. mode: 0 out = relu(norm), 1 out += relu(norm),
// 2 out = relu(norm + out), 3 out = norm.

@group(0) @binding(0) var<storage, read> shape: LayerShape;
@group(0) @binding(1) var<storage, read> batch: Batch;
@group(0) @binding(2) var<storage, read> rows: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> affine: array<vec4<f32>>; // γ, then β
@group(0) @binding(4) var<storage, read_write> out: array<vec4<f32>>;

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
    if (pair >= batch.pairs) {
        return;
    }
    let begin = batch.offsets[pair];
    let end = batch.offsets[pair + 1u];
    // beyond the last channels: those again, unwritten
    let vector = index % groups * VECTORS + local % VECTORS;
    let column = min(vector, vectors - 1u);
    let first = begin + local / VECTORS;
    let moments = segment_moments(first, end, f32(end - begin), vectors, column, local);
    let mean = moments.mean;
    let scale = affine[column] / sqrt(moments.variance + EPSILON);
    let shift = affine[vectors + column];
    if (vector >= vectors) {
        return;
    }
    for (var row = first; row < end; row += LANES) {
        let place = row * vectors + column;
        let normed = (rows[place] - mean) * scale + shift;
        if (shape.mode == 0u) {
            out[place] = max(normed, vec4<f32>());
        } else if (shape.mode == 1u) {
            out[place] += max(normed, vec4<f32>());
        } else if (shape.mode == 2u) {
            out[place] = max(normed + out[place], vec4<f32>());
        } else {
            out[place] = normed;
        }
    }
}
