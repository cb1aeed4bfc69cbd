//! Instance norm of rows, [`NORM_CHANNELS`](constants::NORM_CHANNELS) of a pair a workgroup: launcher. Twin: [`cpu::segment_norm`](crate::cpu::rank::segment_norm).

use crate::constants;
use crate::gpu::{Context, Shader, shader_part};
use crate::kernels::Stage;

/// The shader.
pub const SHADER: Shader<'static> = Shader {
    name: "segment_norm",
    parts: &[
        constants::RANK,
        shader_part!("shared/layout/rank_types"),
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/rank/channel_sums"),
        shader_part!("shared/rank/segment_moments"),
        shader_part!("rank/segment_norm"),
    ],
};

/// The step on its buffers: shape, batch, rows, scales and shifts, out.
pub fn stage(context: &Context, buffers: [&wgpu::Buffer; 5]) -> Stage {
    Stage::new(context, SHADER.name, SHADER.parts, &buffers)
}
