//! Valid models to dense lists: launcher, a pair a workgroup. On the GPU only: the CPU has its lists dense from the start.

use crate::gpu::{Context, shader_part};
use crate::kernels::{Stage, Variant, buffers::Buffers};

/// The shader's texts.
pub fn parts(variant: Variant) -> Vec<&'static str> {
    let mut parts = variant.common().to_vec();
    parts.extend([shader_part!("shared/algebra/prefix_sums"), shader_part!("search/pack_models")]);
    parts
}

/// The step on its buffers.
pub fn stage(context: &Context, variant: Variant, buffers: &Buffers) -> Stage {
    let b = buffers;
    Stage::new(
        context,
        "pack_models",
        &parts(variant),
        &[&b.settings, &b.progress, &b.samples, &b.model_counts, &b.lists, &b.round_counts],
    )
}
