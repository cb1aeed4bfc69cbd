// How much of an inlier a match is whose residual is r thresholds: 1 − σ(β (r − 1)). params of its own: β. Twin:
// src/cpu/train/soft_inliers.rs.

fn beta() -> f32 {
    return bitcast<f32>(params[4]);
}

fn soft_inlier(r: f32) -> f32 {
    // exp of more may not be finite
    return 1.0 / (1.0 + exp(min(beta() * (r - 1.0), 80.0)));
}
