//! Launcher of the eight-point solver, the GPU's [`cpu::solve_fundamental_8pt`](crate::cpu::solve::solve_fundamental_8pt); buffers as in [`solver`](super::solver).

use crate::gpu::{Shader, shader_part};

/// 8 vec4 a sample in, at most one model out.
pub const SHADER: Shader = Shader {
    name: "solve_fundamental_8pt",
    parts: &[
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/solver/each_hypothesis"),
        shader_part!("shared/solver/solver"),
        shader_part!("shared/algebra/matrix3"),
        shader_part!("shared/solver/hartley"),
        shader_part!("shared/algebra/nine"),
        shader_part!("shared/algebra/null_space"),
        shader_part!("shared/solver/epipolar_residual"),
        shader_part!("shared/solver/seven_equations"),
        shader_part!("shared/algebra/jacobi_rotation"),
        shader_part!("shared/algebra/svd3"),
        shader_part!("shared/solver/oriented_epipolar"),
        shader_part!("shared/solver/fit_samples"),
        shader_part!("shared/solver/fit_by_reflections"),
        shader_part!("solve/solve_fundamental_8pt"),
    ],
};

/// Any number of weighted matches a fit in, at most one model out; buffers of `shared/solver/fit_ranges`.
pub const FIT_SHADER: Shader = Shader {
    name: "solve_fundamental_8pt/fit",
    parts: &[
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/solver/each_hypothesis"),
        shader_part!("shared/solver/solver"),
        shader_part!("shared/algebra/matrix3"),
        shader_part!("shared/solver/hartley"),
        shader_part!("shared/algebra/nine"),
        shader_part!("shared/algebra/jacobi_rotation"),
        shader_part!("shared/algebra/triangular9"),
        shader_part!("shared/algebra/svd3"),
        shader_part!("shared/solver/oriented_epipolar"),
        shader_part!("shared/solver/fit_ranges"),
        shader_part!("shared/solver/fit_by_rotations"),
        shader_part!("solve/solve_fundamental_8pt"),
    ],
};
