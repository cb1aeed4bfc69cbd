//! Edge features, an edge an invocation: launcher. Twin: [`cpu::edge_features`](crate::cpu::rank::edge_features).

use crate::constants;
use crate::gpu::{Context, Shader, shader_part};
use crate::kernels::Stage;

/// The shader.
pub const SHADER: Shader<'static> = Shader {
    name: "edge_features",
    parts: &[
        constants::RANK,
        shader_part!("shared/layout/rank_types"),
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/layout/batch"),
        shader_part!("rank/edge_features"),
    ],
};

/// The step on its buffers: shape, batch, matches, rows, neighbours, edges.
pub fn stage(context: &Context, buffers: [&wgpu::Buffer; 6]) -> Stage {
    Stage::new(context, SHADER.name, SHADER.parts, &buffers)
}
