//! Models × matches → partial scores: launcher. Twin: [`cpu::score_models`](crate::cpu::search::score_models).

use crate::gpu::{Context, shader_part};
use crate::kernels::{Stage, Variant, buffers::Buffers};

/// The shader's texts.
pub fn parts(variant: Variant) -> Vec<&'static str> {
    let mut parts = variant.common().to_vec();
    parts.extend(variant.residual());
    parts.extend([variant.gain(), shader_part!("shared/layout/match_weights"), shader_part!("search/score_models")]);
    parts
}

/// The step on its buffers.
pub fn stage(context: &Context, variant: Variant, buffers: &Buffers) -> Stage {
    let b = buffers;
    Stage::new(
        context,
        "score_models",
        &parts(variant),
        &[&b.settings, &b.progress, &b.pairs, &b.matches, &b.match_facts, &b.models, &b.lists, &b.partial_scores],
    )
}
