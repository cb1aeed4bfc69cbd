//! Of two motions the better one: launcher, a pair a workgroup. Twin: [`cpu::settle_winner`](crate::cpu::search::settle_winner).

use crate::gpu::{Context, shader_part};
use crate::kernels::{Stage, Variant, buffers::Buffers};

/// The shader's texts.
pub fn parts(variant: Variant) -> Vec<&'static str> {
    let mut parts = variant.common().to_vec();
    parts.extend(variant.residual());
    parts.extend([
        shader_part!("shared/layout/load_match"),
        shader_part!("shared/layout/same_motion"),
        shader_part!("shared/algebra/prefix_sums"),
        shader_part!("search/settle_winner"),
    ]);
    parts
}

/// The step on its buffers.
pub fn stage(context: &Context, variant: Variant, buffers: &Buffers) -> Stage {
    let b = buffers;
    Stage::new(
        context,
        "settle_winner",
        &parts(variant),
        &[&b.settings, &b.pairs, &b.matches, &b.finalists, &b.best, &b.diagnoses],
    )
}
