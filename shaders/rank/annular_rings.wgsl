// The annular convolution of CLNet: ring r of match i is relu(A x_i − Σ_t B_t x_j + b) over the neighbours j in places r m + t.
// `products` has A x, −B_0 x, −B_1 x, … side by side. An entry of the output an invocation. Twin: src/cpu/rank/annular_rings.rs.

@group(0) @binding(0) var<storage, read> shape: LayerShape;
@group(0) @binding(1) var<storage, read> batch: Batch;
@group(0) @binding(2) var<storage, read> products: array<f32>;
@group(0) @binding(3) var<storage, read> neighbours: array<u32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let channels = shape.outputs;
    let index = invocation_index(workgroup, workgroups, local, 64u);
    let row = index / (RINGS * channels);
    if (row >= row_count()) {
        return;
    }
    let channel = index % channels;
    let ring = shape.neighbours / RINGS;
    let width = (1u + ring) * channels;
    let first = (index / channels) * ring;
    var sum = products[row * width + channel] + bias[channel];
    for (var t = 0u; t < ring; t++) {
        sum += products[neighbours[first + t] * width + (1u + t) * channels + channel];
    }
    out[index] = max(sum, 0.0);
}
