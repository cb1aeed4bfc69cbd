//! The scale of a pose's last refinement: launcher, a pair a workgroup. Twin:
//! [`cpu::estimate_noise`](crate::cpu::search::estimate_noise).

use crate::constants;
use crate::gpu::{Context, shader_part};
use crate::kernels::{Stage, Variant, buffers::Buffers};

/// The shader's texts, of a pose.
pub fn parts(variant: Variant) -> Vec<&'static str> {
    let mut parts = variant.common().to_vec();
    parts.extend([
        constants::NOISE,
        shader_part!("shared/layout/load_match"),
        shader_part!("shared/layout/match_weights"),
        shader_part!("shared/algebra/prefix_sums"),
    ]);
    parts.extend(variant.residual());
    parts.push(shader_part!("search/estimate_noise"));
    parts
}

/// The step on its buffers: of the first finalist of each pair.
pub fn stage(context: &Context, variant: Variant, buffers: &Buffers) -> Stage {
    let b = buffers;
    let bindings = [&*b.settings, &b.pairs, &b.matches, &b.match_facts, &b.finalists];
    Stage::new(context, "estimate_noise", &parts(variant), &bindings)
}
