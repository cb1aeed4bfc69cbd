//! The homography that explains the most inliers of two views: launcher, a pair a workgroup. Twin:
//! [`cpu::explain_by_homography`](crate::cpu::recover::explain_by_homography).

use crate::gpu::{Context, shader_part};
use crate::kernels::{Stage, Variant, buffers::Buffers};

/// The shader's texts.
pub fn parts(variant: Variant) -> Vec<&'static str> {
    let mut parts = super::plane(variant);
    parts.extend([
        shader_part!("shared/random/pick_alike"),
        shader_part!("shared/solver/homography_of_four"),
        shader_part!("shared/solver/search_picked"),
        shader_part!("recover/explain_by_homography"),
    ]);
    parts
}

/// The step on its buffers.
pub fn stage(context: &Context, variant: Variant, buffers: &Buffers) -> Stage {
    let b = buffers;
    Stage::new(
        context,
        "explain_by_homography",
        &parts(variant),
        &[&b.settings, &b.pairs, &b.matches, &b.inlier_mask, &b.results, &b.diagnoses],
    )
}
