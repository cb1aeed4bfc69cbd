//! The graph convolution of CLNet, [`NORM_CHANNELS`](constants::NORM_CHANNELS) of a pair a workgroup: launcher. Twin: [`cpu::graph_convolution`](crate::cpu::rank::graph_convolution).

use crate::constants;
use crate::gpu::{Context, Shader, shader_part};
use crate::kernels::Stage;

/// The shader.
pub const SHADER: Shader<'static> = Shader {
    name: "graph_convolution",
    parts: &[
        constants::RANK,
        shader_part!("shared/layout/rank_types"),
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/rank/channel_sums"),
        shader_part!("rank/graph_convolution"),
    ],
};

/// The step on its buffers: shape, batch, rows, logits, out.
pub fn stage(context: &Context, buffers: [&wgpu::Buffer; 5]) -> Stage {
    Stage::new(context, SHADER.name, SHADER.parts, &buffers)
}
