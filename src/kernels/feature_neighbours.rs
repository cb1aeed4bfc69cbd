//! The nearest matches in feature space, 16 matches a workgroup: launcher. Twin: [`cpu::feature_neighbours`](crate::cpu::feature_neighbours).

use super::Stage;
use crate::gpu::{Context, Shader, shader_part};

/// The shader.
pub const SHADER: Shader<'static> = Shader {
    name: "feature_neighbours",
    parts: &[
        shader_part!("shared/rank_types"),
        shader_part!("shared/dispatch"),
        shader_part!("shared/batch"),
        shader_part!("shared/nearest"),
        shader_part!("feature_neighbours"),
    ],
};

/// The step on its buffers: shape, batch, rows, neighbours.
pub fn stage(context: &Context, buffers: [&wgpu::Buffer; 4]) -> Stage {
    Stage::new(context, SHADER.name, SHADER.parts, &buffers)
}
