//! Launcher of the five-point solver, the GPU's [`cpu::solve_essential_5pt`](crate::cpu::solve_essential_5pt); buffers as in [`solver`](super::solver).

use crate::gpu::{Shader, shader_part};

/// 5 vec4 a sample in, at most 10 models out.
pub const SHADER: Shader = Shader {
    name: "solve_essential_5pt",
    parts: &[
        shader_part!("shared/dispatch"),
        shader_part!("shared/each_hypothesis"),
        shader_part!("shared/solver"),
        shader_part!("shared/matrix3"),
        shader_part!("shared/null_space"),
        shader_part!("shared/polynomial_roots"),
        shader_part!("shared/rotation"),
        shader_part!("shared/motion"),
        shader_part!("shared/solve_linear"),
        shader_part!("shared/essential_cubics"),
        shader_part!("shared/essential_motion"),
        shader_part!("solve_essential_5pt"),
    ],
};
