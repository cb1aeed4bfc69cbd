//! What is made of what is known of each match: launcher, a pair a workgroup. Twin: [`cpu::weigh_matches`](crate::cpu::search::weigh_matches).

use crate::constants;
use crate::gpu::{Context, Shader, shader_part};
use crate::kernels::{Stage, Variant, buffers::Buffers};

/// The shader's texts.
pub fn parts(variant: Variant) -> Vec<&'static str> {
    let mut parts = variant.common().to_vec();
    parts.extend([
        constants::WEIGHING,
        shader_part!("shared/random/random"),
        shader_part!("shared/weighing/scaled"),
        shader_part!("shared/weighing/likelihood"),
        shader_part!("shared/weighing/sharing"),
        shader_part!("shared/weighing/credits"),
        shader_part!("shared/weighing/turn_between"),
        shader_part!("search/weigh_matches"),
    ]);
    parts
}

/// The step on its buffers.
pub fn stage(context: &Context, variant: Variant, buffers: &Buffers) -> Stage {
    let b = buffers;
    let raw = [b.raw_matches.binding(), b.weights.binding(), b.ratios.binding(), b.key_points.binding()];
    let before = [b.settings.binding(), b.inputs.binding()];
    let after = [b.sharing.binding(), b.weight_sums.binding(), b.match_facts.binding()];
    let resources: Vec<_> = before.into_iter().chain(raw).chain(after).collect();
    Stage::with_resources(context, &Shader { name: "weigh_matches", parts: &parts(variant) }, &resources)
}
