//! Launcher of the three-point rigid solver, the GPU's [`cpu::solve_rigid_3pt`](crate::cpu::solve::solve_rigid_3pt); buffers as in [`solver`](super::solver).

use crate::gpu::{Shader, shader_part};

/// 6 vec4 a sample in, at most one model out.
pub const SHADER: Shader = Shader {
    name: "solve_rigid_3pt",
    parts: &[
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/solver/each_hypothesis"),
        shader_part!("shared/solver/solver"),
        shader_part!("shared/algebra/rotation"),
        shader_part!("shared/solver/rigid_motion"),
        shader_part!("shared/solver/motion"),
        shader_part!("shared/solver/align_triangles"),
        shader_part!("solve/solve_rigid_3pt"),
    ],
};

/// Any number of weighted matches a fit in, at most one model out; buffers of `shared/solver/fit_ranges`.
pub const FIT_SHADER: Shader = Shader {
    name: "solve_rigid_3pt/fit",
    parts: &[
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/solver/each_hypothesis"),
        shader_part!("shared/solver/solver"),
        shader_part!("shared/algebra/rotation"),
        shader_part!("shared/solver/rigid_motion"),
        shader_part!("shared/solver/motion"),
        shader_part!("shared/algebra/matrix3"),
        shader_part!("shared/algebra/jacobi_rotation"),
        shader_part!("shared/algebra/svd3"),
        shader_part!("shared/solver/fit_ranges"),
        shader_part!("shared/solver/fit_rigid"),
    ],
};
