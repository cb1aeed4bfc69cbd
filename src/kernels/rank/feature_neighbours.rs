//! The nearest matches in feature space, 16 matches a workgroup: launcher. Twin: [`cpu::feature_neighbours`](crate::cpu::rank::feature_neighbours).

use crate::constants;
use crate::gpu::{Context, Shader, shader_part};
use crate::kernels::Stage;

/// The shader.
pub const SHADER: Shader<'static> = Shader {
    name: "feature_neighbours",
    parts: &[
        constants::RANK,
        shader_part!("shared/layout/rank_types"),
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/layout/batch"),
        shader_part!("shared/rank/nearest"),
        shader_part!("rank/feature_neighbours"),
    ],
};

/// The step on its buffers: shape, batch, rows, neighbours.
pub fn stage(context: &Context, buffers: [&wgpu::Buffer; 4]) -> Stage {
    Stage::new(context, SHADER.name, SHADER.parts, &buffers)
}
