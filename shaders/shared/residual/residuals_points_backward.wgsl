// The gradient of what is made of the residuals of a pair's models by a match, a match an invocation.

@group(0) @binding(4) var<storage, read_write> match_gradients: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = invocation_index(workgroup, workgroups, local, 64u);
    if (index >= match_total()) {
        return;
    }
    let pair = pair_of_match(index);
    let start = match_start(pair);
    let count = match_end(pair) - start;
    let metric = metric_of(pair);
    var sum = array<vec4<f32>, 2>();
    for (var row = pair * hypothesis_count(); row < (pair + 1u) * hypothesis_count(); row++) {
        let gradient = residual_gradient(make_errors(rows_at(row), metric), row, index, count, index - start);
        sum[0] += gradient.a;
        sum[1] += gradient.b;
    }
    for (var v = 0u; v < MATCH_VECTORS; v++) {
        match_gradients[index * MATCH_VECTORS + v] = sum[v];
    }
}
