//! Launcher of the seven-point solver, the GPU's [`cpu::solve_fundamental_7pt`](crate::cpu::solve_fundamental_7pt); buffers as in [`solver`](super::solver).

use crate::gpu::{Shader, shader_part};

/// 7 vec4 a sample in, at most 3 models out.
pub const SHADER: Shader = Shader {
    name: "solve_fundamental_7pt",
    parts: &[
        shader_part!("shared/dispatch"),
        shader_part!("shared/each_hypothesis"),
        shader_part!("shared/solver"),
        shader_part!("shared/matrix3"),
        shader_part!("shared/null_space"),
        shader_part!("shared/polynomial_roots"),
        shader_part!("shared/oriented_epipolar"),
        shader_part!("solve_fundamental_7pt"),
    ],
};
