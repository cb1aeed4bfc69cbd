//! Logits and probabilities, a match an invocation: launcher. Twin: [`cpu::predict_logits`](crate::cpu::predict_logits).

use super::Stage;
use crate::gpu::{Context, Shader, shader_part};

/// The shader.
pub const SHADER: Shader<'static> = Shader {
    name: "predict_logits",
    parts: &[
        shader_part!("shared/rank_types"),
        shader_part!("shared/dispatch"),
        shader_part!("shared/batch"),
        shader_part!("predict_logits"),
    ],
};

/// The step on its buffers: shape, batch, rows, weight and bias, logits, probabilities.
pub fn stage(context: &Context, buffers: [&wgpu::Buffer; 6]) -> Stage {
    Stage::new(context, SHADER.name, SHADER.parts, &buffers)
}
