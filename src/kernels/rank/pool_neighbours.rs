//! Messages of the nearest neighbours, [`POOLED_EDGES`](constants::POOLED_EDGES) a workgroup at most: launcher. Twin: [`cpu::pool_neighbours`](crate::cpu::rank::pool_neighbours).

use crate::constants;
use crate::gpu::{Context, Shader, shader_part};
use crate::kernels::Stage;

/// The shader.
pub const SHADER: Shader<'static> = Shader {
    name: "pool_neighbours",
    parts: &[
        constants::RANK,
        shader_part!("shared/layout/rank_types"),
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/layout/batch"),
        shader_part!("rank/pool_neighbours"),
    ],
};

/// The step on its buffers: shape, batch, both products, neighbours, edges, edge weights and bias, out.
pub fn stage(context: &Context, buffers: [&wgpu::Buffer; 7]) -> Stage {
    Stage::new(context, SHADER.name, SHADER.parts, &buffers)
}
