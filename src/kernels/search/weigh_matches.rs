//! What is made of what is known of each match: launcher, a pair a workgroup. Twin: [`cpu::weigh_matches`](crate::cpu::search::weigh_matches).

use crate::constants;
use crate::gpu::{Context, shader_part};
use crate::kernels::{Stage, Variant, buffers::Buffers};

/// The shader's texts.
pub fn parts(variant: Variant) -> Vec<&'static str> {
    let mut parts = variant.common().to_vec();
    parts.extend([
        constants::WEIGHING,
        shader_part!("shared/random/random"),
        shader_part!("shared/weighing/scaled"),
        shader_part!("shared/weighing/likelihood"),
        shader_part!("shared/weighing/credits"),
        shader_part!("search/weigh_matches"),
    ]);
    parts
}

/// The step on its buffers.
pub fn stage(context: &Context, variant: Variant, buffers: &Buffers) -> Stage {
    let b = buffers;
    Stage::new(
        context,
        "weigh_matches",
        &parts(variant),
        &[
            &b.settings,
            &b.inputs,
            &b.raw_matches,
            &b.weights,
            &b.ratios,
            &b.key_points,
            &b.sharing,
            &b.weight_sums,
            &b.match_facts,
        ],
    )
}
