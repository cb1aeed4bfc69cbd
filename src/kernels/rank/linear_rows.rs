//! Rows times a matrix, a tile of [`TILE_ROWS`](constants::TILE_ROWS) × [`TILE_COLUMNS`](constants::TILE_COLUMNS) a workgroup: launcher. Twin: [`cpu::linear_rows`](crate::cpu::rank::linear_rows).

use crate::constants;
use crate::gpu::{Context, Shader, shader_part};
use crate::kernels::Stage;

/// The shader.
pub const SHADER: Shader<'static> = Shader {
    name: "linear_rows",
    parts: &[
        constants::RANK,
        shader_part!("shared/layout/rank_types"),
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/layout/batch"),
        shader_part!("rank/linear_rows"),
    ],
};

/// The step on its buffers: shape, batch, rows, weight, bias, out.
pub fn stage(context: &Context, buffers: [&wgpu::Buffer; 6]) -> Stage {
    Stage::new(context, SHADER.name, SHADER.parts, &buffers)
}
