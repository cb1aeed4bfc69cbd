// Rigid transform y = R x + t of n ≥ 3 weighted 3-D matches (first side xyz0, second side xyz0), by singular value
// decomposition (Kabsch 1976; Umeyama 1991).
//
// Out: at most one [R | t] with the least weighted sum of squared distances, always a rotation. None for fewer than three
// matches of positive weight and for points that are collinear.

fn fit_model(first: u32, count: u32, slot: u32) -> bool {
    var centroid1 = vec3(0.0);
    var centroid2 = vec3(0.0);
    var total = 0.0;
    var weighted = 0u;
    for (var i = first; i < first + count; i++) {
        let w = weight_at(i);
        centroid1 += w * points[2u * i].xyz;
        centroid2 += w * points[2u * i + 1u].xyz;
        total += w;
        weighted += select(0u, 1u, w > 0.0);
    }
    centroid1 /= total;
    centroid2 /= total;
    var covariance = mat3x3<f32>();
    for (var i = first; i < first + count; i++) {
        let p = points[2u * i].xyz - centroid1;
        let q = weight_at(i) * (points[2u * i + 1u].xyz - centroid2);
        covariance[0] += q * p.x;
        covariance[1] += q * p.y;
        covariance[2] += q * p.z;
    }
    let svd = svd3(covariance);
    let sigma = svd.sigma;
    let largest = max(sigma.x, max(sigma.y, sigma.z));
    let middle = sigma.x + sigma.y + sigma.z - largest - min(sigma.x, min(sigma.y, sigma.z));
    // The second singular value grows with the square of the thickness. Written so that NaN fails it too.
    if weighted < 3u || !(middle > 1e-6 * largest && largest < 1e30) {
        return false;
    }
    let rotation = closest_rotation(svd);
    write_motion(slot, Motion(rotation, centroid2 - rotation * centroid1));
    return true;
}
