/// y = R x + t, the rotation as a matrix of columns.
struct Motion {
    rotation: mat3x3<f32>,
    translation: vec3<f32>,
}
