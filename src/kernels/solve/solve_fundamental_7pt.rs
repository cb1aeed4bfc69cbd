//! Launcher of the seven-point solver, the GPU's [`cpu::solve_fundamental_7pt`](crate::cpu::solve::solve_fundamental_7pt); buffers as in [`solver`](super::solver).

use crate::gpu::{Shader, shader_part};

/// 7 vec4 a sample in, at most 3 models out.
pub const SHADER: Shader = Shader {
    name: "solve_fundamental_7pt",
    parts: &[
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/solver/each_hypothesis"),
        shader_part!("shared/solver/solver"),
        shader_part!("shared/algebra/matrix3"),
        shader_part!("shared/algebra/nine"),
        shader_part!("shared/algebra/null_space"),
        shader_part!("shared/algebra/cubic_roots"),
        shader_part!("shared/solver/epipolar_residual"),
        shader_part!("shared/solver/seven_equations"),
        shader_part!("shared/solver/oriented_epipolar"),
        shader_part!("solve/solve_fundamental_7pt"),
    ],
};
