//! Messages of the nearest neighbours, four channels of a match an invocation: launcher. Twin: [`cpu::pool_neighbours`](crate::cpu::pool_neighbours).

use super::Stage;
use crate::gpu::{Context, Shader, shader_part};

/// The shader.
pub const SHADER: Shader<'static> = Shader {
    name: "pool_neighbours",
    parts: &[
        shader_part!("shared/rank_types"),
        shader_part!("shared/dispatch"),
        shader_part!("shared/batch"),
        shader_part!("pool_neighbours"),
    ],
};

/// The step on its buffers: shape, batch, both products, neighbours, edges, edge weights and bias, out.
pub fn stage(context: &Context, buffers: [&wgpu::Buffer; 7]) -> Stage {
    Stage::new(context, SHADER.name, SHADER.parts, &buffers)
}
