// The similarities that bring the weighted points of both images to the origin and to a mean distance of √2 from it (Hartley
// 1997, "In defense of the eight-point algorithm"). Reads match_at and weight_at.

struct Hartley {
    /// x1 y1 x2 y2.
    centroids: vec4<f32>,
    /// Of image 1 and image 2.
    scales: vec2<f32>,
    /// False for fewer than `needed` matches of positive weight, for points that are all equal, and for NaN.
    usable: bool,
}

fn hartley(first: u32, count: u32, needed: u32) -> Hartley {
    var sum = vec4(0.0);
    var total = 0.0;
    var weighted = 0u;
    for (var i = first; i < first + count; i++) {
        let w = weight_at(i);
        sum += w * match_at(i);
        total += w;
        weighted += select(0u, 1u, w > 0.0);
    }
    let centroids = sum / total;
    var distances = vec2(0.0);
    for (var i = first; i < first + count; i++) {
        let d = match_at(i) - centroids;
        distances += weight_at(i) * vec2(length(d.xy), length(d.zw));
    }
    let scales = 1.41421356 * total / distances;
    // Written so that NaN fails it too.
    let spread = all(distances > 1e-6 * total * (vec2(length(centroids.xy), length(centroids.zw)) + 1e-20));
    return Hartley(centroids, scales, weighted >= needed && spread);
}

fn normalized(h: Hartley, m: vec4<f32>) -> vec4<f32> {
    return (m - h.centroids) * h.scales.xxyy;
}

/// The 3×3 that normalises the points of an image, and the one that undoes it.
fn to_unit(scale: f32, centroid: vec2<f32>) -> mat3x3<f32> {
    return mat3x3(scale, 0.0, 0.0, 0.0, scale, 0.0, -scale * centroid.x, -scale * centroid.y, 1.0);
}

fn from_unit(scale: f32, centroid: vec2<f32>) -> mat3x3<f32> {
    return mat3x3(1.0 / scale, 0.0, 0.0, 0.0, 1.0 / scale, 0.0, centroid.x, centroid.y, 1.0);
}
