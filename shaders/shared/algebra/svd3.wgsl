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
        let r01 = orthogonalizing(left[0], left[1]);
        left = mat3x3(turn_first(r01, left[0], left[1]), turn_second(r01, left[0], left[1]), left[2]);
        right = mat3x3(turn_first(r01, right[0], right[1]), turn_second(r01, right[0], right[1]), right[2]);
        let r02 = orthogonalizing(left[0], left[2]);
        left = mat3x3(turn_first(r02, left[0], left[2]), left[1], turn_second(r02, left[0], left[2]));
        right = mat3x3(turn_first(r02, right[0], right[2]), right[1], turn_second(r02, right[0], right[2]));
        let r12 = orthogonalizing(left[1], left[2]);
        left = mat3x3(left[0], turn_first(r12, left[1], left[2]), turn_second(r12, left[1], left[2]));
        right = mat3x3(right[0], turn_first(r12, right[1], right[2]), turn_second(r12, right[1], right[2]));
    }
    let sigma = vec3(length(left[0]), length(left[1]), length(left[2]));
    let smallest = select(select(0u, 1u, sigma.y < sigma.x), 2u, sigma.z <= min(sigma.x, sigma.y));
    return Svd3(left, right, sigma, smallest);
}

fn orthogonalizing(p: vec3<f32>, q: vec3<f32>) -> vec2<f32> {
    return jacobi_rotation(dot(p, p), dot(q, q), dot(p, q));
}

fn turn_first(turn: vec2<f32>, p: vec3<f32>, q: vec3<f32>) -> vec3<f32> {
    return turn.x * p - turn.y * q;
}

fn turn_second(turn: vec2<f32>, p: vec3<f32>, q: vec3<f32>) -> vec3<f32> {
    return turn.y * p + turn.x * q;
}

/// The nearest matrix of rank 2.
fn rank_two(a: mat3x3<f32>) -> mat3x3<f32> {
    let svd = svd3(a);
    let u = column(svd.scaled_left, svd.smallest);
    let v = column(svd.right, svd.smallest);
    return mat3x3(a[0] - u * v.x, a[1] - u * v.y, a[2] - u * v.z);
}

/// The rotation R with the largest tr(Rᵀ A): U V ᵀ with the sign of the least singular value chosen for det R = 1.
fn closest_rotation(svd: Svd3) -> mat3x3<f32> {
    let k = svd.smallest;
    let i = (k + 1u) % 3u;
    let j = (k + 2u) % 3u;
    let ui = normalize(column(svd.scaled_left, i));
    let uj = normalize(column(svd.scaled_left, j));
    // V is a rotation, so that (i, j, k) is right-handed in it as it is here.
    return mat3x3(ui, uj, cross(ui, uj)) * transpose(mat3x3(column(svd.right, i), column(svd.right, j), column(svd.right, k)));
}
