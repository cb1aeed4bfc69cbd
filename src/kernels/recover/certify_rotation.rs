//! Whether the inliers of a pose or a rigid transform determine its rotation: launcher, a pair a workgroup. Twin:
//! [`cpu::certify_rotation`](crate::cpu::recover::certify_rotation).

use crate::constants;
use crate::gpu::{Context, shader_part};
use crate::kernels::{Stage, Variant, buffers::Buffers};

/// The shader's texts, of a pose or a rigid transform.
pub fn parts(variant: Variant) -> Vec<&'static str> {
    let mut parts = variant.common().to_vec();
    parts.extend([
        constants::RECOVERY_LIMITS,
        shader_part!("shared/layout/load_match"),
        shader_part!("shared/layout/match_weights"),
        shader_part!("shared/layout/model_rows"),
        shader_part!("shared/algebra/matrix3"),
        shader_part!("shared/algebra/outer"),
        shader_part!("shared/algebra/jacobi_rotation"),
        shader_part!("shared/algebra/svd3"),
        shader_part!("shared/algebra/workgroup_sum"),
    ]);
    parts.extend(variant.residual());
    parts.extend(variant.derivatives());
    parts.push(shader_part!("recover/certify_rotation"));
    parts
}

/// The step on its buffers.
pub fn stage(context: &Context, variant: Variant, buffers: &Buffers) -> Stage {
    let b = buffers;
    let bindings = [&*b.settings, &b.pairs, &b.matches, &b.match_facts, &b.best, &b.results, &b.diagnoses];
    Stage::new(context, "certify_rotation", &parts(variant), &bindings)
}
