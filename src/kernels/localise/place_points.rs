//! The points that a network says, a cell an invocation: launcher. Twin: [`cpu::place_points`](crate::cpu::localise::place_points).

use crate::constants;
use crate::gpu::{Context, Shader, shader_part};
use crate::kernels::Stage;

/// The shader.
pub const SHADER: Shader<'static> = Shader {
    name: "place_points",
    parts: &[
        constants::LOCALISE,
        shader_part!("shared/layout/localise_types"),
        shader_part!("shared/layout/dispatch"),
        shader_part!("localise/place_points"),
    ],
};

/// The step on its buffers: shape, points, pixels, matches, weights, spreads.
pub fn stage(context: &Context, buffers: [&wgpu::Buffer; 6]) -> Stage {
    Stage::new(context, SHADER.name, SHADER.parts, &buffers)
}

/// The workgroups for so many cells.
pub const fn workgroups(cells: u32) -> u32 {
    cells.div_ceil(64)
}
