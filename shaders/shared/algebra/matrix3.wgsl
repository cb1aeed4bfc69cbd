// 3×3 matrices and their pencils; matrices are columns.

/// Σ aᵢⱼ bᵢⱼ.
fn frobenius(a: mat3x3<f32>, b: mat3x3<f32>) -> f32 {
    return dot(a[0], b[0]) + dot(a[1], b[1]) + dot(a[2], b[2]);
}

/// The cofactors: the gradient of the determinant.
fn cofactors(m: mat3x3<f32>) -> mat3x3<f32> {
    return mat3x3(cross(m[1], m[2]), cross(m[2], m[0]), cross(m[0], m[1]));
}

/// det(z a + w b) as coefficients of w³, z w², z² w, z³.
fn pencil_determinant(a: mat3x3<f32>, b: mat3x3<f32>) -> array<f32, 4> {
    let cofactors_a = cofactors(a);
    let cofactors_b = cofactors(b);
    return array(dot(b[0], cofactors_b[0]), frobenius(a, cofactors_b), frobenius(cofactors_a, b), dot(a[0], cofactors_a[0]));
}
