//! Inlier mask, score and model of each pair: launcher, a pair a workgroup. Twin: [`cpu::mark_inliers`](crate::cpu::search::mark_inliers).

use crate::gpu::{Context, shader_part};
use crate::kernels::{Stage, Variant, buffers::Buffers};

/// The shader's texts.
pub fn parts(variant: Variant) -> Vec<&'static str> {
    let mut parts = variant.common().to_vec();
    parts.extend([
        shader_part!("shared/layout/load_match"),
        shader_part!("shared/layout/model_rows"),
        shader_part!("shared/layout/pixels"),
    ]);
    parts.extend(variant.residual());
    parts.extend(Variant::CHANCE);
    parts.push(shader_part!("search/mark_inliers"));
    parts
}

/// The step on its buffers.
pub fn stage(context: &Context, variant: Variant, buffers: &Buffers) -> Stage {
    let b = buffers;
    Stage::new(
        context,
        "mark_inliers",
        &parts(variant),
        &[&b.settings, &b.pairs, &b.matches, &b.weight_sums, &b.best, &b.results, &b.inlier_mask],
    )
}
