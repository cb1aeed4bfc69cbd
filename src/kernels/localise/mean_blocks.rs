//! The means of blocks, a number an invocation: launcher. Twin: [`cpu::mean_blocks`](crate::cpu::localise::mean_blocks).

use crate::constants;
use crate::gpu::{Context, Shader, shader_part};
use crate::kernels::Stage;

/// The shader.
pub const SHADER: Shader<'static> = Shader {
    name: "mean_blocks",
    parts: &[
        constants::LOCALISE,
        shader_part!("shared/layout/plane_types"),
        shader_part!("shared/layout/dispatch"),
        shader_part!("localise/mean_blocks"),
    ],
};

/// The step on its buffers: shape, plane, means.
pub fn stage(context: &Context, buffers: [&wgpu::Buffer; 3]) -> Stage {
    Stage::new(context, SHADER.name, SHADER.parts, &buffers)
}

/// The workgroups for so many means.
pub const fn workgroups(numbers: u32) -> u32 {
    numbers.div_ceil(64)
}
