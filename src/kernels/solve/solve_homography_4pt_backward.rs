//! Launcher of the gradient of the four-point solver, the GPU's
//! [`cpu::solve_homography_4pt_backward`](crate::cpu::solve::solve_homography_4pt_backward); buffers as in
//! [`solver_backward`](super::solver_backward).

use crate::gpu::{Shader, shader_part};

/// 4 vec4 a sample.
pub const SHADER: Shader = Shader {
    name: "solve_homography_4pt_backward",
    parts: &[
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/solver/each_hypothesis"),
        shader_part!("shared/solver/solver_backward"),
        shader_part!("shared/algebra/matrix_entries"),
        shader_part!("shared/solver/epipolar_gradient"),
        shader_part!("shared/solver/implicit"),
        shader_part!("solve/solve_homography_4pt_backward"),
    ],
};
