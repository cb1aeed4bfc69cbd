//! Instance norm of rows, eight channels of a pair a workgroup: launcher. Twin: [`cpu::segment_norm`](crate::cpu::segment_norm).

use super::Stage;
use crate::gpu::{Context, Shader, shader_part};

/// The shader.
pub const SHADER: Shader<'static> = Shader {
    name: "segment_norm",
    parts: &[
        shader_part!("shared/rank_types"),
        shader_part!("shared/dispatch"),
        shader_part!("shared/channel_sums"),
        shader_part!("shared/segment_moments"),
        shader_part!("segment_norm"),
    ],
};

/// The step on its buffers: shape, batch, rows, scales and shifts, out.
pub fn stage(context: &Context, buffers: [&wgpu::Buffer; 5]) -> Stage {
    Stage::new(context, SHADER.name, SHADER.parts, &buffers)
}
