//! A texture as grey values at the height of a map, a pixel an invocation: launcher. Twin: [`cpu::read_texture`](crate::cpu::localise::read_texture).

use crate::constants;
use crate::gpu::{Context, Shader, shader_part};
use crate::kernels::Stage;

/// The shader.
pub const SHADER: Shader<'static> = Shader {
    name: "read_texture",
    parts: &[
        constants::LOCALISE,
        shader_part!("shared/layout/localise_types"),
        shader_part!("shared/layout/dispatch"),
        shader_part!("localise/read_texture"),
    ],
};

/// The step on the shape, a texture of colours, and the buffer of its grey values.
pub fn stage(context: &Context, shape: &wgpu::Buffer, colors: &wgpu::TextureView, grey: &wgpu::Buffer) -> Stage {
    let resources = [shape.as_entire_binding(), wgpu::BindingResource::TextureView(colors), grey.as_entire_binding()];
    Stage::with_resources(context, &SHADER, &resources)
}
