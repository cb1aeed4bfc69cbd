//! Histograms of gradients on the lattice of bins, [`POOLED_PLACES`](constants::POOLED_PLACES) of a column a workgroup: launcher. Twin: [`cpu::pool_gradients`](crate::cpu::localise::pool_gradients).

use crate::constants;
use crate::gpu::{Context, Shader, shader_part};
use crate::kernels::Stage;

/// The shader.
pub const SHADER: Shader<'static> = Shader {
    name: "pool_gradients",
    parts: &[
        constants::LOCALISE,
        shader_part!("shared/layout/localise_types"),
        shader_part!("shared/layout/dispatch"),
        shader_part!("localise/pool_gradients"),
    ],
};

/// The step on its buffers: shape, gradients, histograms.
pub fn stage(context: &Context, buffers: [&wgpu::Buffer; 3]) -> Stage {
    Stage::new(context, SHADER.name, SHADER.parts, &buffers)
}

/// The workgroups for so many lattice columns and rows.
pub const fn workgroups([columns, rows]: [u32; 2]) -> u32 {
    constants::BIN_LEVELS * columns * rows.div_ceil(constants::POOLED_PLACES)
}
