//! Levenberg–Marquardt: launcher, a model a workgroup. Twin: [`cpu::refine_model`](crate::cpu::search::refine_model).

use crate::gpu::{Context, shader_part};
use crate::kernels::{Stage, Variant, buffers::Buffers};

/// The shader's texts.
pub fn parts(variant: Variant) -> Vec<&'static str> {
    let mut parts = variant.common().to_vec();
    parts.extend(variant.residual());
    parts.push(variant.gain());
    parts.extend([variant.agreement(), shader_part!("shared/layout/model_rows")]);
    parts.extend(Variant::CHANCE);
    parts.extend(variant.manifold());
    parts.extend([
        shader_part!("shared/layout/load_match"),
        shader_part!("shared/layout/match_weights"),
        shader_part!("shared/algebra/prefix_sums"),
        shader_part!("shared/algebra/add_up"),
        shader_part!("shared/algebra/gauss_jordan"),
        shader_part!("shared/solver/levenberg_marquardt"),
        shader_part!("search/refine_model"),
    ]);
    parts
}

/// The step on its buffers: the refinement of some of the candidates, or of the finalists.
pub fn stage(
    context: &Context,
    variant: Variant,
    buffers: &Buffers,
    refinement: &wgpu::Buffer,
    candidates: &wgpu::Buffer,
) -> Stage {
    let b = buffers;
    let bindings = [
        &b.settings,
        refinement,
        &b.progress,
        &b.pairs,
        &b.matches,
        &b.match_facts,
        &b.weight_sums,
        candidates,
        &b.coherence,
    ];
    Stage::new(context, "refine_model", &parts(variant), &bindings)
}
