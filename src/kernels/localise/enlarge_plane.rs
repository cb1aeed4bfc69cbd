//! A plane added to a larger one, a number an invocation: launcher. Twin: [`cpu::enlarge_plane`](crate::cpu::localise::enlarge_plane).

use crate::constants;
use crate::gpu::{Context, Shader, shader_part};
use crate::kernels::Stage;

/// The shader.
pub const SHADER: Shader<'static> = Shader {
    name: "enlarge_plane",
    parts: &[
        constants::LOCALISE,
        shader_part!("shared/layout/plane_types"),
        shader_part!("shared/layout/dispatch"),
        shader_part!("localise/enlarge_plane"),
    ],
};

/// The step on its buffers: shape, the small plane, that to which it is added.
pub fn stage(context: &Context, buffers: [&wgpu::Buffer; 3]) -> Stage {
    Stage::new(context, SHADER.name, SHADER.parts, &buffers)
}

/// The workgroups for so many numbers of the larger plane.
pub const fn workgroups(numbers: u32) -> u32 {
    numbers.div_ceil(64)
}
