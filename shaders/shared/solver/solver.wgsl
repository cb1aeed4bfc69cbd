// What every minimal solver is given, besides solver_params of shared/solver/each_hypothesis, and gives.
//
// points: hypothesis × sample size × (1 vec4 for two views: x1 y1 x2 y2; 2 for 3-D points: first side xyz0, second side
// xyz0 or xy00), normalised. models: hypothesis × most solutions × 3 rows. model_counts: how many of them are valid.

@group(0) @binding(1) var<storage, read_write> points: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> models: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> model_counts: array<u32>;

fn write_model(slot: u32, row0: vec4<f32>, row1: vec4<f32>, row2: vec4<f32>) {
    models[3u * slot] = row0;
    models[3u * slot + 1u] = row1;
    models[3u * slot + 2u] = row2;
}

/// A matrix as a model: Frobenius norm 1. False, and nothing written, where it is zero or not finite.
fn write_matrix(slot: u32, m: mat3x3<f32>) -> bool {
    let norm_sq = dot(m[0], m[0]) + dot(m[1], m[1]) + dot(m[2], m[2]);
    // Written so that NaN fails it too.
    if !(norm_sq > 1e-30 && norm_sq < 1e30) {
        return false;
    }
    let rows = transpose(m * inverseSqrt(norm_sq));
    write_model(slot, vec4(rows[0], 0.0), vec4(rows[1], 0.0), vec4(rows[2], 0.0));
    return true;
}
