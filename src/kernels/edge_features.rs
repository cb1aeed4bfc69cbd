//! Edge features, a match an invocation: launcher. Twin: [`cpu::edge_features`](crate::cpu::edge_features).

use super::Stage;
use crate::gpu::{Context, Shader, shader_part};

/// The shader.
pub const SHADER: Shader<'static> = Shader {
    name: "edge_features",
    parts: &[
        shader_part!("shared/rank_types"),
        shader_part!("shared/dispatch"),
        shader_part!("shared/batch"),
        shader_part!("edge_features"),
    ],
};

/// The step on its buffers: shape, batch, matches, rows, neighbours, edges.
pub fn stage(context: &Context, buffers: [&wgpu::Buffer; 6]) -> Stage {
    Stage::new(context, SHADER.name, SHADER.parts, &buffers)
}
