//! Launcher of the gradient of the weighted eight-point algorithm, the GPU's
//! [`cpu::solve_fundamental_8pt_backward`](crate::cpu::solve::solve_fundamental_8pt_backward); buffers as in
//! [`solver_backward`](super::solver_backward).

use crate::gpu::{Shader, shader_part};

/// Any number of weighted matches a hypothesis; `params` and `weights` of a weighted fit.
pub const SHADER: Shader = Shader {
    name: "solve_fundamental_8pt_backward",
    parts: &[
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/solver/each_hypothesis"),
        shader_part!("shared/solver/solver_backward"),
        shader_part!("shared/layout/model_rows"),
        shader_part!("shared/algebra/matrix3"),
        shader_part!("shared/solver/hartley"),
        shader_part!("shared/algebra/nine"),
        shader_part!("shared/algebra/jacobi_rotation"),
        shader_part!("shared/algebra/triangular9"),
        shader_part!("shared/algebra/svd3"),
        shader_part!("shared/solver/eigenvector_gradient"),
        shader_part!("shared/solver/similarity_gradient"),
        shader_part!("solve/solve_fundamental_8pt_backward"),
    ],
};
