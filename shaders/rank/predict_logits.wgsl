// The logit of each match, w · h + b, and its probability, a match an invocation. Twin: src/cpu/rank/predict_logits.rs.

@group(0) @binding(0) var<storage, read> shape: LayerShape;
@group(0) @binding(1) var<storage, read> batch: Batch;
@group(0) @binding(2) var<storage, read> rows: array<f32>;
@group(0) @binding(3) var<storage, read> weight: array<f32>; // w, then b
@group(0) @binding(4) var<storage, read_write> logits: array<f32>;
@group(0) @binding(5) var<storage, read_write> probabilities: array<f32>;

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
    var logit = weight[shape.inputs];
    for (var c = 0u; c < shape.inputs; c++) {
        logit += rows[row * shape.inputs + c] * weight[c];
    }
    logits[row] = logit;
    let probability = 1.0 / (1.0 + exp(-clamp(logit, -80.0, 80.0)));
    // of what is no number none either: by the bits, as a comparison may take it that all are
    let is_number = (bitcast<u32>(logit) & 0x7f800000u) != 0x7f800000u;
    probabilities[row] = select(logit, probability, is_number);
}
