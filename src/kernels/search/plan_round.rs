//! The stopping rule and the next round's workgroups: launcher, one workgroup. On the GPU only: it saves the read-back.

use crate::gpu::{Context, shader_part};
use crate::kernels::{Stage, Variant, buffers::Buffers};

/// The shader's texts.
pub fn parts(variant: Variant) -> Vec<&'static str> {
    let mut parts = variant.common().to_vec();
    parts.extend([shader_part!("shared/algebra/prefix_sums"), shader_part!("search/plan_round")]);
    parts
}

/// The step on its buffers.
pub fn stage(context: &Context, variant: Variant, buffers: &Buffers) -> Stage {
    let b = buffers;
    Stage::new(
        context,
        "plan_round",
        &parts(variant),
        &[&b.settings, &b.pairs, &b.candidates, &b.best, &b.progress, &b.workgroups, &b.round_counts],
    )
}
