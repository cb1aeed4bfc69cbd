//! The annular convolution of CLNet, an entry of the output an invocation: launcher. Twin: [`cpu::annular_rings`](crate::cpu::rank::annular_rings).

use crate::constants;
use crate::gpu::{Context, Shader, shader_part};
use crate::kernels::Stage;

/// The shader.
pub const SHADER: Shader<'static> = Shader {
    name: "annular_rings",
    parts: &[
        constants::RANK,
        shader_part!("shared/layout/rank_types"),
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/layout/batch"),
        shader_part!("rank/annular_rings"),
    ],
};

/// The step on its buffers: shape, batch, products, neighbours, bias, out.
pub fn stage(context: &Context, buffers: [&wgpu::Buffer; 6]) -> Stage {
    Stage::new(context, SHADER.name, SHADER.parts, &buffers)
}
