//! Rows times a matrix, tiles of 32 × 32 a workgroup: launcher. Twin: [`cpu::linear_rows`](crate::cpu::linear_rows).

use super::Stage;
use crate::gpu::{Context, Shader, shader_part};

/// The shader.
pub const SHADER: Shader<'static> = Shader {
    name: "linear_rows",
    parts: &[
        shader_part!("shared/rank_types"),
        shader_part!("shared/dispatch"),
        shader_part!("shared/batch"),
        shader_part!("linear_rows"),
    ],
};

/// The step on its buffers: shape, batch, rows, weight, bias, out.
pub fn stage(context: &Context, buffers: [&wgpu::Buffer; 6]) -> Stage {
    Stage::new(context, SHADER.name, SHADER.parts, &buffers)
}
