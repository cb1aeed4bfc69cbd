//! What a map recalls, [`RECALLED_CELLS`](constants::RECALLED_CELLS) cells a workgroup: launcher. Twin: [`cpu::recall_points`](crate::cpu::localise::recall_points).

use crate::constants;
use crate::gpu::{Context, Shader, shader_part};
use crate::kernels::Stage;

/// The shader.
pub const SHADER: Shader<'static> = Shader {
    name: "recall_points",
    parts: &[
        constants::LOCALISE,
        shader_part!("shared/layout/localise_types"),
        shader_part!("shared/layout/dispatch"),
        shader_part!("localise/recall_points"),
    ],
};

/// The step on its buffers: shape, queries, keys, points with biases, pixels, matches, weights, spreads.
pub fn stage(context: &Context, buffers: [&wgpu::Buffer; 8]) -> Stage {
    Stage::new(context, SHADER.name, SHADER.parts, &buffers)
}
