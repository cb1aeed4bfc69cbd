//! Pixels to normalised coordinates: launcher, a pair a workgroup. Twin: [`cpu::normalize_matches`](crate::cpu::normalize_matches).

use super::{Stage, Variant, buffers::Buffers};
use crate::gpu::{Context, shader_part};

/// The shader's texts.
pub fn parts(variant: Variant) -> Vec<&'static str> {
    let mut parts = variant.common().to_vec();
    parts.push(shader_part!("normalize_matches"));
    parts
}

/// The step on its buffers.
pub fn stage(context: &Context, variant: Variant, buffers: &Buffers) -> Stage {
    let b = buffers;
    Stage::new(
        context,
        "normalize_matches",
        &parts(variant),
        &[&b.settings, &b.inputs, &b.raw_matches, &b.weights, &b.pairs, &b.matches, &b.weight_sums],
    )
}
