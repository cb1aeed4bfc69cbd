//! Logits and probabilities, a match an invocation: launcher. Twin: [`cpu::predict_logits`](crate::cpu::rank::predict_logits).

use crate::constants;
use crate::gpu::{Context, Shader, shader_part};
use crate::kernels::Stage;

/// The shader.
pub const SHADER: Shader<'static> = Shader {
    name: "predict_logits",
    parts: &[
        constants::RANK,
        shader_part!("shared/layout/rank_types"),
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/layout/batch"),
        shader_part!("rank/predict_logits"),
    ],
};

/// The step on its buffers: shape, batch, rows, weight and bias, logits, probabilities.
pub fn stage(context: &Context, buffers: [&wgpu::Buffer; 6]) -> Stage {
    Stage::new(context, SHADER.name, SHADER.parts, &buffers)
}
