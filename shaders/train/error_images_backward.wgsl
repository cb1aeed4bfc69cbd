// What a residual adds to the gradient of the error images, by models and by points. Twin: src/cpu/train/error_images.rs.

@group(0) @binding(3) var<storage, read> image_gradients: array<f32>; // rows × cells

fn residual_slope(row: u32, count: u32, place: u32, r: f32) -> f32 {
    return image_gradients[row * cell_count() + place];
}
