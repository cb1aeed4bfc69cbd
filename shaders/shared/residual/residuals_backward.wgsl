// The gradient of what is made of a model's residuals by the model, a workgroup a model.

@group(0) @binding(4) var<storage, read_write> model_gradients: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let row = workgroup_index(workgroup, workgroups);
    let packed = uniform_row(row, local);
    if (row >= packed.x) {
        return;
    }
    let errors = make_errors(rows_at(row), metric_of(packed.y));
    var sums = array<vec4<f32>, 3>();
    for (var place = local; place < packed.w; place += 64u) {
        let gradient = residual_gradient(errors, row, packed.z + place, packed.w, place);
        for (var k = 0u; k < 3u; k++) {
            sums[k] += gradient.rows[k];
        }
    }
    for (var k = 0u; k < 3u; k++) {
        sums[k] = workgroup_sum(local, sums[k]);
    }
    if (local == 0u) {
        let gradient = model_gradient(row, sums);
        for (var k = 0u; k < 3u; k++) {
            model_gradients[3u * row + k] = gradient[k];
        }
    }
}
