//! The graph convolution of CLNet, eight channels of a pair a workgroup: launcher. Twin: [`cpu::graph_convolution`](crate::cpu::graph_convolution).

use super::Stage;
use crate::gpu::{Context, Shader, shader_part};

/// The shader.
pub const SHADER: Shader<'static> = Shader {
    name: "graph_convolution",
    parts: &[
        shader_part!("shared/rank_types"),
        shader_part!("shared/dispatch"),
        shader_part!("shared/channel_sums"),
        shader_part!("graph_convolution"),
    ],
};

/// The step on its buffers: shape, batch, rows, logits, out.
pub fn stage(context: &Context, buffers: [&wgpu::Buffer; 5]) -> Stage {
    Stage::new(context, SHADER.name, SHADER.parts, &buffers)
}
