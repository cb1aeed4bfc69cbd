//! Minimal samples: launcher, a hypothesis an invocation. Twin: [`cpu::sample_minimal`](crate::cpu::search::sample_minimal).

use crate::gpu::{Context, shader_part};
use crate::kernels::{Stage, Variant, buffers::Buffers};

/// The shader's texts.
pub fn parts(variant: Variant) -> Vec<&'static str> {
    let mut parts = variant.common().to_vec();
    parts.extend([
        shader_part!("shared/random/random"),
        shader_part!("shared/random/draw_sample"),
        shader_part!("shared/random/pick_by_sums"),
        shader_part!("search/sample_minimal"),
    ]);
    parts
}

/// The step on its buffers.
pub fn stage(context: &Context, variant: Variant, buffers: &Buffers) -> Stage {
    let b = buffers;
    Stage::new(
        context,
        "sample_minimal",
        &parts(variant),
        &[&b.settings, &b.progress, &b.pairs, &b.weight_sums, &b.matches, &b.samples, &b.points],
    )
}
