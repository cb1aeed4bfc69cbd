//! Launcher of the gradient of the five-point solver, the GPU's
//! [`cpu::solve_essential_5pt_backward`](crate::cpu::solve_essential_5pt_backward); buffers as in
//! [`solver_backward`](super::solver_backward).

use crate::gpu::{Shader, shader_part};

/// 5 vec4 a sample.
pub const SHADER: Shader = Shader {
    name: "solve_essential_5pt_backward",
    parts: &[
        shader_part!("shared/dispatch"),
        shader_part!("shared/each_hypothesis"),
        shader_part!("shared/solver_backward"),
        shader_part!("shared/model_rows"),
        shader_part!("shared/rotation"),
        shader_part!("shared/manifold_essential"),
        shader_part!("shared/epipolar_gradient"),
        shader_part!("shared/implicit"),
        shader_part!("solve_essential_5pt_backward"),
    ],
};
