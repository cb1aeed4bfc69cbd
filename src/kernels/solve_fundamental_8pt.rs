//! Launcher of the eight-point solver, the GPU's [`cpu::solve_fundamental_8pt`](crate::cpu::solve_fundamental_8pt); buffers as in [`solver`](super::solver).

use crate::gpu::{Shader, shader_part};

/// 8 vec4 a sample in, at most one model out.
pub const SHADER: Shader = Shader {
    name: "solve_fundamental_8pt",
    parts: &[
        shader_part!("shared/dispatch"),
        shader_part!("shared/each_hypothesis"),
        shader_part!("shared/solver"),
        shader_part!("shared/matrix3"),
        shader_part!("shared/hartley"),
        shader_part!("shared/triangular9"),
        shader_part!("shared/svd3"),
        shader_part!("shared/oriented_epipolar"),
        shader_part!("shared/fit_samples"),
        shader_part!("solve_fundamental_8pt"),
    ],
};

/// Any number of weighted matches a fit in, at most one model out; buffers of `shared/fit_ranges`.
pub const FIT_SHADER: Shader = Shader {
    name: "solve_fundamental_8pt/fit",
    parts: &[
        shader_part!("shared/dispatch"),
        shader_part!("shared/each_hypothesis"),
        shader_part!("shared/solver"),
        shader_part!("shared/matrix3"),
        shader_part!("shared/hartley"),
        shader_part!("shared/triangular9"),
        shader_part!("shared/svd3"),
        shader_part!("shared/oriented_epipolar"),
        shader_part!("shared/fit_ranges"),
        shader_part!("solve_fundamental_8pt"),
    ],
};
