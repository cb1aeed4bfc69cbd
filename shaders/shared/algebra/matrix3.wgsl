// 3×3 matrices and their pencils; matrices are columns.

/// Σ aᵢⱼ bᵢⱼ.
fn frobenius(a: mat3x3<f32>, b: mat3x3<f32>) -> f32 {
    return dot(a[0], b[0]) + dot(a[1], b[1]) + dot(a[2], b[2]);
}

/// Column i, by selection: an index at run time would take the matrix out of registers.
fn column(m: mat3x3<f32>, i: u32) -> vec3<f32> {
    return select(select(m[0], m[1], i == 1u), m[2], i == 2u);
}

/// The cofactors: the gradient of the determinant.
fn cofactors(m: mat3x3<f32>) -> mat3x3<f32> {
    return mat3x3(cross(m[1], m[2]), cross(m[2], m[0]), cross(m[0], m[1]));
}

/// det(z a + w b) as coefficients of w³, z w², z² w, z³.
fn pencil_determinant(a: mat3x3<f32>, b: mat3x3<f32>) -> vec4<f32> {
    let cofactors_a = cofactors(a);
    let cofactors_b = cofactors(b);
    return vec4(dot(b[0], cofactors_b[0]), frobenius(a, cofactors_b), frobenius(cofactors_a, b), dot(a[0], cofactors_a[0]));
}

fn longest3(a: vec3<f32>, b: vec3<f32>, c: vec3<f32>) -> vec3<f32> {
    let longer = select(a, b, dot(b, b) > dot(a, a));
    return select(longer, c, dot(c, c) > dot(longer, longer));
}
