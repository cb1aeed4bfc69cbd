/// ∂L/∂ω of the rotation exp([ω]×) R at ω = 0, from ∂L/∂R. Twin: src/cpu/solve/implicit.rs.
fn turn_gradient(rotation: mat3x3<f32>, gradient: mat3x3<f32>) -> vec3<f32> {
    return cross(rotation[0], gradient[0]) + cross(rotation[1], gradient[1]) + cross(rotation[2], gradient[2]);
}
