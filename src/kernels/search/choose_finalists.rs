//! The winner and its rivals among a pair's candidates: launcher, a pair a workgroup. Twin: [`cpu::choose_finalists`](crate::cpu::search::choose_finalists).

use crate::gpu::{Context, shader_part};
use crate::kernels::{Stage, Variant, buffers::Buffers};

/// The shader's texts.
pub fn parts(variant: Variant) -> Vec<&'static str> {
    let mut parts = variant.common().to_vec();
    parts.extend([
        shader_part!("shared/layout/same_motion"),
        shader_part!("shared/solver/ranked_candidate"),
        shader_part!("search/choose_finalists"),
    ]);
    parts
}

/// The step on its buffers; `places` holds the first place of a pair's finalists that is filled, and how many are.
pub fn stage(context: &Context, variant: Variant, buffers: &Buffers, places: &wgpu::Buffer) -> Stage {
    let b = buffers;
    Stage::new(context, "choose_finalists", &parts(variant), &[&b.settings, places, &b.candidates, &b.finalists])
}
