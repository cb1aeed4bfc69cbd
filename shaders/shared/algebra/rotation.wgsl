// Rotations, as matrices of columns.

/// The rotation of a matrix that is one but for rounding (Gram-Schmidt).
fn orthonormalized(m: mat3x3<f32>) -> mat3x3<f32> {
    let x = normalize(m[0]);
    let y = normalize(m[1] - x * dot(x, m[1]));
    return mat3x3(x, y, cross(x, y));
}

/// The rotation by the vector ω (axis times angle in radians), to second order in it: Cayley's form.
fn small_rotation(omega: vec3<f32>) -> mat3x3<f32> {
    let q = vec4(0.5 * omega, 1.0) * inverseSqrt(1.0 + 0.25 * dot(omega, omega));
    let v = q.xyz;
    let d = 2.0 * q.w * v;
    let diagonal = 1.0 - 2.0 * dot(v, v);
    return mat3x3(
        2.0 * v * v.x + vec3(diagonal, d.z, -d.y),
        2.0 * v * v.y + vec3(-d.z, diagonal, d.x),
        2.0 * v * v.z + vec3(d.y, -d.x, diagonal),
    );
}
