//! Launcher of the three-point pose solver, the GPU's [`cpu::solve_pose_p3p`](crate::cpu::solve::solve_pose_p3p); buffers as in [`solver`](super::solver).

use crate::gpu::{Shader, shader_part};

/// 6 vec4 a sample in, at most 4 models out.
pub const SHADER: Shader = Shader {
    name: "solve_pose_p3p",
    parts: &[
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/solver/each_hypothesis"),
        shader_part!("shared/solver/solver"),
        shader_part!("shared/algebra/matrix3"),
        shader_part!("shared/algebra/cubic_roots"),
        shader_part!("shared/algebra/rotation"),
        shader_part!("shared/solver/rigid_motion"),
        shader_part!("shared/solver/motion"),
        shader_part!("shared/solver/align_triangles"),
        shader_part!("shared/solver/p3p"),
        shader_part!("solve/solve_pose_p3p"),
    ],
};
