//! Launcher of the gradient of the seven-point solver, the GPU's
//! [`cpu::solve_fundamental_7pt_backward`](crate::cpu::solve_fundamental_7pt_backward); buffers as in
//! [`solver_backward`](super::solver_backward).

use crate::gpu::{Shader, shader_part};

/// 7 vec4 a sample.
pub const SHADER: Shader = Shader {
    name: "solve_fundamental_7pt_backward",
    parts: &[
        shader_part!("shared/dispatch"),
        shader_part!("shared/each_hypothesis"),
        shader_part!("shared/solver_backward"),
        shader_part!("shared/model_rows"),
        shader_part!("shared/matrix_entries"),
        shader_part!("shared/epipolar_gradient"),
        shader_part!("shared/implicit"),
        shader_part!("solve_fundamental_7pt_backward"),
    ],
};
