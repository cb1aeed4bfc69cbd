//! Pixels to normalised coordinates: launcher, a pair a workgroup. Twin: [`cpu::normalize_matches`](crate::cpu::search::normalize_matches).

use crate::gpu::{Context, Shader, shader_part};
use crate::kernels::{Stage, Variant, buffers::Buffers};

/// The shader's texts.
pub fn parts(variant: Variant) -> Vec<&'static str> {
    let mut parts = variant.common().to_vec();
    parts.extend([
        shader_part!("shared/algebra/bulk"),
        shader_part!("shared/algebra/prefix_sums"),
        shader_part!("shared/random/log_miss"),
        shader_part!("search/normalize_matches"),
    ]);
    parts
}

/// The step on its buffers.
pub fn stage(context: &Context, variant: Variant, buffers: &Buffers) -> Stage {
    let b = buffers;
    let resources = [
        b.settings.binding(),
        b.inputs.binding(),
        b.raw_matches.binding(),
        b.sharing.binding(),
        b.pairs.binding(),
        b.matches.binding(),
        b.weight_sums.binding(),
    ];
    Stage::with_resources(context, &Shader { name: "normalize_matches", parts: &parts(variant) }, &resources)
}
