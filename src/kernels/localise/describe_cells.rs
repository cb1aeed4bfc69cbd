//! A descriptor of each cell, a cell a workgroup: launcher. Twin: [`cpu::describe_cells`](crate::cpu::localise::describe_cells).

use crate::constants;
use crate::gpu::{Context, Shader, shader_part};
use crate::kernels::Stage;

/// The shader.
pub const SHADER: Shader<'static> = Shader {
    name: "describe_cells",
    parts: &[
        constants::LOCALISE,
        shader_part!("shared/layout/localise_types"),
        shader_part!("shared/layout/dispatch"),
        shader_part!("localise/describe_cells"),
    ],
};

/// The step on its buffers: shape, histograms, descriptors.
pub fn stage(context: &Context, buffers: [&wgpu::Buffer; 3]) -> Stage {
    Stage::new(context, SHADER.name, SHADER.parts, &buffers)
}
