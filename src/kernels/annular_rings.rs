//! The annular convolution of CLNet, an entry of the output an invocation: launcher. Twin: [`cpu::annular_rings`](crate::cpu::annular_rings).

use super::Stage;
use crate::gpu::{Context, Shader, shader_part};

/// The shader.
pub const SHADER: Shader<'static> = Shader {
    name: "annular_rings",
    parts: &[
        shader_part!("shared/rank_types"),
        shader_part!("shared/dispatch"),
        shader_part!("shared/batch"),
        shader_part!("annular_rings"),
    ],
};

/// The step on its buffers: shape, batch, products, neighbours, bias, out.
pub fn stage(context: &Context, buffers: [&wgpu::Buffer; 6]) -> Stage {
    Stage::new(context, SHADER.name, SHADER.parts, &buffers)
}
