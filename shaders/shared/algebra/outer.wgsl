// The outer product of a column and a row.

fn outer(column: vec3<f32>, row: vec3<f32>) -> mat3x3<f32> {
    return mat3x3<f32>(column * row.x, column * row.y, column * row.z);
}
