// Through the similarities x̂ = s (x − c) of shared/solver/hartley, one in each image: a point and a weight move its own x̂ and also
// the centroid c = Σ w x / Σ w and the scale s = √2 / d, d = Σ w |x − c| / Σ w. Reads match_at and weight_at.

struct SimilarityGradient {
    /// x1 y1 x2 y2.
    centroids: vec4<f32>,
    scales: vec2<f32>,
}

/// From those of the matrices of `to_unit`, image 1 and image 2.
fn of_matrices(h: Hartley, gradient1: mat3x3<f32>, gradient2: mat3x3<f32>) -> SimilarityGradient {
    let shifts = vec4(gradient1[2].xy, gradient2[2].xy);
    let moved = shifts * h.centroids;
    let diagonals = vec2(gradient1[0].x + gradient1[1].y, gradient2[0].x + gradient2[1].y);
    return SimilarityGradient(-h.scales.xxyy * shifts, diagonals - vec2(moved.x + moved.y, moved.z + moved.w));
}

/// Turns the point gradients from those of the normalised points into those of the points, and adds to those of the
/// weights.
fn through_similarities(h: Hartley, from_matrices: SimilarityGradient, first: u32, count: u32) {
    var g = from_matrices;
    var total = 0.0;
    for (var i = first; i < first + count; i++) {
        let by_point = point_gradients[i] * h.scales.xxyy;
        point_gradients[i] = by_point;
        let slope = by_point * (match_at(i) - h.centroids);
        g.scales += vec2(slope.x + slope.y, slope.z + slope.w) / h.scales;
        g.centroids -= by_point;
        total += weight_at(i);
    }
    let mean_distances = 1.41421356 / h.scales;
    let by_distances = -g.scales * h.scales / mean_distances / total;
    for (var i = first; i < first + count; i++) {
        let offset = match_at(i) - h.centroids;
        let distances = vec2(length(offset.xy), length(offset.zw));
        let per_length = select(vec2(0.0), weight_at(i) * by_distances / distances, distances > vec2(0.0));
        let slope = offset * per_length.xxyy;
        point_gradients[i] += slope;
        g.centroids -= slope;
        weight_gradients[i] += dot(by_distances, distances - mean_distances);
    }
    for (var i = first; i < first + count; i++) {
        point_gradients[i] += g.centroids * (weight_at(i) / total);
        weight_gradients[i] += dot(g.centroids, match_at(i) - h.centroids) / total;
    }
}
