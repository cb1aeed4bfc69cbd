// The nine entries of a 3×3 matrix, row-major, as unknowns or as an equation.

fn entries(a: vec3<f32>, b: vec3<f32>, c: vec3<f32>) -> array<f32, 9> {
    return array(a.x, a.y, a.z, b.x, b.y, b.z, c.x, c.y, c.z);
}
