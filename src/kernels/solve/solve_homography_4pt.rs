//! Launcher of the four-point solver, the GPU's [`cpu::solve_homography_4pt`](crate::cpu::solve::solve_homography_4pt); buffers as in [`solver`](super::solver).

use crate::gpu::{Shader, shader_part};

/// 4 vec4 a sample in, at most one model out.
pub const SHADER: Shader = Shader {
    name: "solve_homography_4pt",
    parts: &[
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/solver/each_hypothesis"),
        shader_part!("shared/solver/solver"),
        shader_part!("shared/solver/homography_of_four"),
        shader_part!("solve/solve_homography_4pt"),
    ],
};

/// Any number of weighted matches a fit in, at most one model out; buffers of `shared/solver/fit_ranges`.
pub const FIT_SHADER: Shader = Shader {
    name: "solve_homography_4pt/fit",
    parts: &[
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/solver/each_hypothesis"),
        shader_part!("shared/solver/solver"),
        shader_part!("shared/solver/hartley"),
        shader_part!("shared/algebra/nine"),
        shader_part!("shared/algebra/jacobi_rotation"),
        shader_part!("shared/algebra/triangular9"),
        shader_part!("shared/solver/fit_ranges"),
        shader_part!("shared/solver/linear_homography"),
        shader_part!("shared/solver/fit_homography"),
    ],
};
