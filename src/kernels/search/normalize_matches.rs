//! Pixels to normalised coordinates: launcher, a pair a workgroup. Twin: [`cpu::normalize_matches`](crate::cpu::search::normalize_matches).

use crate::gpu::{Context, shader_part};
use crate::kernels::{Stage, Variant, buffers::Buffers};

/// The shader's texts.
pub fn parts(variant: Variant) -> Vec<&'static str> {
    let mut parts = variant.common().to_vec();
    parts.extend([
        shader_part!("shared/algebra/bulk"),
        shader_part!("shared/random/log_miss"),
        shader_part!("search/normalize_matches"),
    ]);
    parts
}

/// The step on its buffers.
pub fn stage(context: &Context, variant: Variant, buffers: &Buffers) -> Stage {
    let b = buffers;
    Stage::new(
        context,
        "normalize_matches",
        &parts(variant),
        &[&b.settings, &b.inputs, &b.raw_matches, &b.sharing, &b.pairs, &b.matches, &b.weight_sums],
    )
}
