// The squared error, in squared thresholds, of an image point that is the projection of (u, v, w), with its gradients. Twin:
// src/cpu/train/match_losses.rs.

struct ImageError {
    value: f32,
    by_point: vec3<f32>,
    by_image: vec2<f32>,
}

fn image_error(point: vec3<f32>, image: vec2<f32>, inverse_metric: vec2<f32>) -> ImageError {
    // behind the camera or beyond infinity; false for NaN too
    if (!(point.z > 0.0)) {
        return ImageError(1e30, vec3<f32>(0.0), vec2<f32>(0.0));
    }
    let d = (point.xy / point.z - image) * inverse_metric;
    let by_projected = 2.0 * d * inverse_metric;
    let by_depth = -dot(by_projected, point.xy / point.z) / point.z;
    return ImageError(dot(d, d), vec3<f32>(by_projected / point.z, by_depth), -by_projected);
}
