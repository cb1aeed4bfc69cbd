//! The gradient at each pixel, a tile of [`TILE_PX`](constants::TILE_PX) × [`TILE_PX`](constants::TILE_PX) a workgroup: launcher. Twin: [`cpu::orient_gradients`](crate::cpu::localise::orient_gradients).

use crate::constants;
use crate::gpu::{Context, Shader, shader_part};
use crate::kernels::Stage;

/// The shader.
pub const SHADER: Shader<'static> = Shader {
    name: "orient_gradients",
    parts: &[
        constants::LOCALISE,
        shader_part!("shared/layout/localise_types"),
        shader_part!("shared/layout/dispatch"),
        shader_part!("localise/orient_gradients"),
    ],
};

/// The step on its buffers: shape, grey values, gradients.
pub fn stage(context: &Context, buffers: [&wgpu::Buffer; 3]) -> Stage {
    Stage::new(context, SHADER.name, SHADER.parts, &buffers)
}

/// The workgroups for an image of this size.
pub const fn workgroups([width, height]: [u32; 2]) -> u32 {
    width.div_ceil(constants::TILE_PX) * height.div_ceil(constants::TILE_PX)
}
