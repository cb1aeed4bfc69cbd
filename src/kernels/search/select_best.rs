//! The best models of a round: launcher, a pair a workgroup. Twin: [`cpu::select_best`](crate::cpu::search::select_best).

use crate::gpu::{Context, shader_part};
use crate::kernels::{Stage, Variant, buffers::Buffers};

/// The shader's texts.
pub fn parts(variant: Variant) -> Vec<&'static str> {
    let mut parts = variant.common().to_vec();
    parts.push(shader_part!("search/select_best"));
    parts
}

/// The step on its buffers.
pub fn stage(context: &Context, variant: Variant, buffers: &Buffers) -> Stage {
    let b = buffers;
    Stage::new(
        context,
        "select_best",
        &parts(variant),
        &[&b.settings, &b.progress, &b.models, &b.lists, &b.partial_scores, &b.candidates, &b.minimal_models],
    )
}
