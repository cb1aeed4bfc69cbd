//! Launcher of the gradient of the three-point pose solver, the GPU's
//! [`cpu::solve_pose_p3p_backward`](crate::cpu::solve::solve_pose_p3p_backward); buffers as in
//! [`solver_backward`](super::solver_backward).

use crate::gpu::{Shader, shader_part};

/// 6 vec4 a sample.
pub const SHADER: Shader = Shader {
    name: "solve_pose_p3p_backward",
    parts: &[
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/solver/each_hypothesis"),
        shader_part!("shared/solver/solver_backward"),
        shader_part!("shared/layout/model_rows"),
        shader_part!("shared/solver/turn_gradient"),
        shader_part!("shared/solver/implicit"),
        shader_part!("solve/solve_pose_p3p_backward"),
    ],
};
