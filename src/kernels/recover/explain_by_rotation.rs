//! Inliers of an essential matrix that a rotation explains: launcher, a pair a workgroup. Twin:
//! [`cpu::explain_by_rotation`](crate::cpu::recover::explain_by_rotation).

use crate::gpu::{Context, shader_part};
use crate::kernels::{Stage, Variant, buffers::Buffers};

/// The shader's texts.
pub fn parts(variant: Variant) -> Vec<&'static str> {
    let mut parts = super::search(variant);
    parts.extend([
        shader_part!("shared/random/pick_alike"),
        shader_part!("shared/algebra/matrix3"),
        shader_part!("shared/algebra/jacobi_rotation"),
        shader_part!("shared/algebra/svd3"),
        shader_part!("shared/algebra/rotation"),
        shader_part!("shared/solver/search_picked"),
        shader_part!("shared/solver/solve_pairs_of_matches"),
        shader_part!("recover/explain_by_rotation"),
    ]);
    parts
}

/// The step on its buffers.
pub fn stage(context: &Context, variant: Variant, buffers: &Buffers) -> Stage {
    let b = buffers;
    Stage::new(
        context,
        "explain_by_rotation",
        &parts(variant),
        &[&b.settings, &b.pairs, &b.matches, &b.inlier_mask, &b.results, &b.diagnoses],
    )
}
