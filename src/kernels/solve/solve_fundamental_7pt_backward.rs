//! Launcher of the gradient of the seven-point solver, the GPU's
//! [`cpu::solve_fundamental_7pt_backward`](crate::cpu::solve::solve_fundamental_7pt_backward); buffers as in
//! [`solver_backward`](super::solver_backward).

use crate::gpu::{Shader, shader_part};

/// 7 vec4 a sample.
pub const SHADER: Shader = Shader {
    name: "solve_fundamental_7pt_backward",
    parts: &[
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/solver/each_hypothesis"),
        shader_part!("shared/solver/solver_backward"),
        shader_part!("shared/layout/model_rows"),
        shader_part!("shared/algebra/matrix_entries"),
        shader_part!("shared/solver/epipolar_gradient"),
        shader_part!("shared/solver/implicit"),
        shader_part!("solve/solve_fundamental_7pt_backward"),
    ],
};
