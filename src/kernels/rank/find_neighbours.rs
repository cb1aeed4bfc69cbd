//! The nearest other matches, [`NEIGHBOUR_ROWS`](constants::NEIGHBOUR_ROWS) matches of a pair a workgroup: launcher. Twin: [`cpu::find_neighbours`](crate::cpu::rank::find_neighbours).

use crate::constants;
use crate::gpu::{Context, Shader, shader_part};
use crate::kernels::Stage;

/// The shader.
pub const SHADER: Shader<'static> = Shader {
    name: "find_neighbours",
    parts: &[
        constants::RANK,
        shader_part!("shared/layout/rank_types"),
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/layout/batch"),
        shader_part!("shared/rank/nearest"),
        shader_part!("rank/find_neighbours"),
    ],
};

/// The step on its buffers: shape, batch, matches, neighbours.
pub fn stage(context: &Context, buffers: [&wgpu::Buffer; 4]) -> Stage {
    Stage::new(context, SHADER.name, SHADER.parts, &buffers)
}
