// Singular value decomposition of a 3×3 matrix by one-sided Jacobi rotations (Hestenes 1958): small singular values keep
// their digits, which those of AᵀA would not in f32.

struct Svd3 {
    /// A V: columns u σ, orthogonal to each other.
    scaled_left: mat3x3<f32>,
    /// V, a rotation.
    right: mat3x3<f32>,
    sigma: vec3<f32>,
    smallest: u32,
}

fn svd3(a: mat3x3<f32>) -> Svd3 {
    var left = a;
    var right = mat3x3<f32>(1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0);
    for (var sweep = 0u; sweep < 6u; sweep++) {
        for (var k = 0u; k < 3u; k++) {
            let p = k / 2u;
            let q = 1u + (k + 1u) / 2u;
            let norm_p = dot(left[p], left[p]);
            let norm_q = dot(left[q], left[q]);
            let mixed = dot(left[p], left[q]);
            if abs(mixed) <= 1e-8 * sqrt(norm_p * norm_q) {
                continue;
            }
            let ratio = (norm_q - norm_p) / (2.0 * mixed);
            let tangent = select(-1.0, 1.0, ratio >= 0.0) / (abs(ratio) + sqrt(1.0 + ratio * ratio));
            let c = inverseSqrt(1.0 + tangent * tangent);
            let s = c * tangent;
            let left_p = left[p];
            left[p] = c * left_p - s * left[q];
            left[q] = s * left_p + c * left[q];
            let right_p = right[p];
            right[p] = c * right_p - s * right[q];
            right[q] = s * right_p + c * right[q];
        }
    }
    let sigma = vec3(length(left[0]), length(left[1]), length(left[2]));
    let smallest = select(select(0u, 1u, sigma.y < sigma.x), 2u, sigma.z <= min(sigma.x, sigma.y));
    return Svd3(left, right, sigma, smallest);
}

/// The nearest matrix of rank 2.
fn rank_two(a: mat3x3<f32>) -> mat3x3<f32> {
    var svd = svd3(a);
    let u = svd.scaled_left[svd.smallest];
    let v = svd.right[svd.smallest];
    return mat3x3(a[0] - u * v.x, a[1] - u * v.y, a[2] - u * v.z);
}

/// The rotation R with the largest tr(Rᵀ A): U V ᵀ with the sign of the least singular value chosen for det R = 1.
fn closest_rotation(svd3_of_a: Svd3) -> mat3x3<f32> {
    var svd = svd3_of_a;
    let k = svd.smallest;
    let i = (k + 1u) % 3u;
    let j = (k + 2u) % 3u;
    let ui = svd.scaled_left[i] / svd.sigma[i];
    let uj = svd.scaled_left[j] / svd.sigma[j];
    // V is a rotation, so that (i, j, k) is right-handed in it as it is here.
    return mat3x3(ui, uj, cross(ui, uj)) * transpose(mat3x3(svd.right[i], svd.right[j], svd.right[k]));
}
