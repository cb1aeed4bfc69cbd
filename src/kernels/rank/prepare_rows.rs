//! What the network sees of each match, a pair a workgroup: launcher. Twin: [`cpu::prepare_rows`](crate::cpu::rank::prepare_rows).

use crate::constants;
use crate::gpu::{Context, Shader, shader_part};
use crate::kernels::Stage;

/// The shader.
pub const SHADER: Shader<'static> = Shader {
    name: "prepare_rows",
    parts: &[
        constants::RANK,
        constants::SEARCH,
        constants::WEIGHING,
        shader_part!("shared/layout/rank_types"),
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/random/random"),
        shader_part!("shared/algebra/bulk"),
        shader_part!("shared/algebra/workgroup_total"),
        shader_part!("shared/weighing/sharing"),
        shader_part!("shared/weighing/turn_between"),
        shader_part!("rank/prepare_rows"),
    ],
};

/// The step on its buffers: batch, raw matches, ratios, key points, [`SHARING_WORDS`](constants::SHARING_WORDS) words a match, matches,
/// rows.
pub fn stage(context: &Context, buffers: [wgpu::BindingResource<'_>; 7]) -> Stage {
    Stage::with_resources(context, &SHADER, &buffers)
}
