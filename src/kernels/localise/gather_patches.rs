//! The neighbourhoods of a plane, four numbers an invocation: launcher. Twin: [`cpu::gather_patches`](crate::cpu::localise::gather_patches).

use crate::constants;
use crate::gpu::{Context, Shader, shader_part};
use crate::kernels::Stage;

/// The shader.
pub const SHADER: Shader<'static> = Shader {
    name: "gather_patches",
    parts: &[
        constants::LOCALISE,
        shader_part!("shared/layout/plane_types"),
        shader_part!("shared/layout/dispatch"),
        shader_part!("localise/gather_patches"),
    ],
};

/// The step on its buffers: shape, plane, patches; both are read in vectors of four, and as long.
pub fn stage(context: &Context, buffers: [&wgpu::Buffer; 3]) -> Stage {
    Stage::new(context, SHADER.name, SHADER.parts, &buffers)
}

/// The workgroups for so many numbers of patches.
pub const fn workgroups(numbers: u32) -> u32 {
    numbers.div_ceil(4 * 64)
}
