// From normalised coordinates of image points back to pixels.

fn unit_norm(m: mat3x3<f32>) -> mat3x3<f32> {
    let largest = max(max(abs(m[0]), abs(m[1])), abs(m[2]));
    let size = max(largest.x, max(largest.y, largest.z));
    let scaled = m * (1.0 / size);
    return scaled * inverseSqrt(dot(scaled[0], scaled[0]) + dot(scaled[1], scaled[1]) + dot(scaled[2], scaled[2]));
}

// The matrix that maps homogeneous pixels to normalised points, and its inverse.
fn normalizing(offset: vec3<f32>, scale: vec3<f32>) -> mat3x3<f32> {
    return mat3x3<f32>(scale.x, 0.0, 0.0, 0.0, scale.y, 0.0, -offset.x * scale.x, -offset.y * scale.y, 1.0);
}

fn denormalizing(offset: vec3<f32>, scale: vec3<f32>) -> mat3x3<f32> {
    return mat3x3<f32>(1.0 / scale.x, 0.0, 0.0, 0.0, 1.0 / scale.y, 0.0, offset.x, offset.y, 1.0);
}

fn homography_in_pixels(homography: mat3x3<f32>, pair: Pair) -> mat3x3<f32> {
    return unit_norm(denormalizing(pair.offset2, pair.scale2) * homography * normalizing(pair.offset1, pair.scale1));
}
