//! Launcher of the gradient of the four-point solver, the GPU's
//! [`cpu::solve_homography_4pt_backward`](crate::cpu::solve_homography_4pt_backward); buffers as in
//! [`solver_backward`](super::solver_backward).

use crate::gpu::{Shader, shader_part};

/// 4 vec4 a sample.
pub const SHADER: Shader = Shader {
    name: "solve_homography_4pt_backward",
    parts: &[
        shader_part!("shared/dispatch"),
        shader_part!("shared/each_hypothesis"),
        shader_part!("shared/solver_backward"),
        shader_part!("shared/matrix_entries"),
        shader_part!("shared/epipolar_gradient"),
        shader_part!("shared/implicit"),
        shader_part!("solve_homography_4pt_backward"),
    ],
};
