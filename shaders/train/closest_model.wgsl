// Of each sample's models the one closest to the truth, a sample an invocation. Twin: src/cpu/train/closest_model.rs.
// params: samples, hypotheses a pair, most models a sample, kind.

@group(0) @binding(0) var<storage, read> params: array<u32>;
@group(0) @binding(1) var<storage, read> candidates: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> counts: array<u32>;
@group(0) @binding(3) var<storage, read> truths: array<vec4<f32>>; // a pair
@group(0) @binding(4) var<storage, read_write> models: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> valid: array<f32>;


// What is compared: of a motion of two views its essential matrix; those and F and H at norm 1.
fn comparable(rows: array<vec4<f32>, 3>) -> array<vec4<f32>, 3> {
    if (params[3] >= POSE) {
        return rows;
    }
    var m = rows;
    if (params[3] == ESSENTIAL) {
        m[0] = rows[1].w * rows[2] - rows[2].w * rows[1];
        m[1] = rows[2].w * rows[0] - rows[0].w * rows[2];
        m[2] = rows[0].w * rows[1] - rows[1].w * rows[0];
    }
    let norm = sqrt(dot(m[0].xyz, m[0].xyz) + dot(m[1].xyz, m[1].xyz) + dot(m[2].xyz, m[2].xyz));
    for (var i = 0u; i < 3u; i++) {
        m[i] = vec4<f32>(m[i].xyz / norm, 0.0);
    }
    return m;
}

fn distance_sq(a: array<vec4<f32>, 3>, b: array<vec4<f32>, 3>, sign_: f32) -> f32 {
    let d0 = a[0] - sign_ * b[0];
    let d1 = a[1] - sign_ * b[1];
    let d2 = a[2] - sign_ * b[2];
    return dot(d0, d0) + dot(d1, d1) + dot(d2, d2);
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let row = invocation_index(workgroup, workgroups, local, 64u);
    if (row >= params[0]) {
        return;
    }
    let pair = row / params[1];
    let truth = comparable(array<vec4<f32>, 3>(truths[3u * pair], truths[3u * pair + 1u], truths[3u * pair + 2u]));
    var best = array<vec4<f32>, 3>();
    var least = 1e30;
    for (var k = 0u; k < min(counts[row], params[2]); k++) {
        let first = 3u * (row * params[2] + k);
        let rows = array<vec4<f32>, 3>(candidates[first], candidates[first + 1u], candidates[first + 2u]);
        let entries = comparable(rows);
        var distance = distance_sq(entries, truth, 1.0);
        if (params[3] < POSE) {
            distance = min(distance, distance_sq(entries, truth, -1.0));
        }
        // false for NaN too
        if (distance < least) {
            least = distance;
            best = rows;
        }
    }
    for (var i = 0u; i < 3u; i++) {
        models[3u * row + i] = best[i];
    }
    valid[row] = select(0.0, 1.0, least < 1e30);
}
