//! The nearest other matches, a match an invocation: launcher. Twin: [`cpu::find_neighbours`](crate::cpu::find_neighbours).

use super::Stage;
use crate::gpu::{Context, Shader, shader_part};

/// The shader.
pub const SHADER: Shader<'static> = Shader {
    name: "find_neighbours",
    parts: &[
        shader_part!("shared/rank_types"),
        shader_part!("shared/dispatch"),
        shader_part!("shared/batch"),
        shader_part!("shared/nearest"),
        shader_part!("find_neighbours"),
    ],
};

/// The step on its buffers: shape, batch, matches, neighbours.
pub fn stage(context: &Context, buffers: [&wgpu::Buffer; 4]) -> Stage {
    Stage::new(context, SHADER.name, SHADER.parts, &buffers)
}
