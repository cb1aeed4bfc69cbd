//! Launcher of the gradient of the five-point solver, the GPU's
//! [`cpu::solve_essential_5pt_backward`](crate::cpu::solve::solve_essential_5pt_backward); buffers as in
//! [`solver_backward`](super::solver_backward).

use crate::gpu::{Shader, shader_part};

/// 5 vec4 a sample.
pub const SHADER: Shader = Shader {
    name: "solve_essential_5pt_backward",
    parts: &[
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/solver/each_hypothesis"),
        shader_part!("shared/solver/solver_backward"),
        shader_part!("shared/layout/model_rows"),
        shader_part!("shared/algebra/rotation"),
        shader_part!("shared/manifold/manifold_essential"),
        shader_part!("shared/solver/epipolar_gradient"),
        shader_part!("shared/solver/implicit"),
        shader_part!("solve/solve_essential_5pt_backward"),
    ],
};
