// What a residual adds to the gradient of the soft inlier scores, by models and by points. Twin: src/cpu/train/soft_inliers.rs.

@group(0) @binding(3) var<storage, read> score_gradients: array<f32>;

fn residual_slope(row: u32, count: u32, place: u32, r: f32) -> f32 {
    let share = soft_inlier(r);
    return -beta() * share * (1.0 - share) * score_gradients[row] / f32(max(count, 1u));
}
