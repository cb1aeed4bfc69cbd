//! Launcher of the five-point solver, the GPU's [`cpu::solve_essential_5pt`](crate::cpu::solve::solve_essential_5pt); buffers as in [`solver`](super::solver).

use crate::constants;
use crate::gpu::{Shader, shader_part};

/// 5 vec4 a sample in, at most 10 models out.
pub const SHADER: Shader = Shader {
    name: "solve_essential_5pt",
    parts: &[
        constants::FIVE_POINT,
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/solver/solver"),
        shader_part!("shared/algebra/matrix3"),
        shader_part!("shared/algebra/nine"),
        shader_part!("shared/algebra/null_space"),
        shader_part!("shared/algebra/rotation"),
        shader_part!("shared/solver/rigid_motion"),
        shader_part!("shared/solver/motion"),
        shader_part!("shared/solver/essential_cubics"),
        shader_part!("shared/solver/essential_elimination"),
        shader_part!("shared/solver/essential_in_z"),
        shader_part!("shared/solver/essential_roots"),
        shader_part!("shared/solver/essential_motion"),
        shader_part!("solve/solve_essential_5pt"),
    ],
};
