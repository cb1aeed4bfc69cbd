//! Launcher of the gradient of the weighted eight-point algorithm, the GPU's
//! [`cpu::solve_fundamental_8pt_backward`](crate::cpu::solve_fundamental_8pt_backward); buffers as in
//! [`solver_backward`](super::solver_backward).

use crate::gpu::{Shader, shader_part};

/// Any number of weighted matches a hypothesis; `params` and `weights` of a weighted fit.
pub const SHADER: Shader = Shader {
    name: "solve_fundamental_8pt_backward",
    parts: &[
        shader_part!("shared/dispatch"),
        shader_part!("shared/each_hypothesis"),
        shader_part!("shared/solver_backward"),
        shader_part!("shared/model_rows"),
        shader_part!("shared/matrix3"),
        shader_part!("shared/hartley"),
        shader_part!("shared/triangular9"),
        shader_part!("shared/svd3"),
        shader_part!("shared/eigenvector_gradient"),
        shader_part!("shared/similarity_gradient"),
        shader_part!("solve_fundamental_8pt_backward"),
    ],
};
