//! What is expected of each pair as a candidate: launcher, a pair a workgroup. Twin: [`cpu::place_prior`](crate::cpu::search::place_prior).

use crate::gpu::{Context, Shader, shader_part};
use crate::kernels::{Stage, Variant, buffers::Buffers};

/// The shader's texts.
pub fn parts(variant: Variant) -> Vec<&'static str> {
    let mut parts = variant.common().to_vec();
    parts.extend(variant.residual());
    parts.extend([
        variant.gain(),
        shader_part!("shared/layout/load_match"),
        shader_part!("shared/layout/match_weights"),
        shader_part!("shared/layout/model_rows"),
        shader_part!("shared/layout/pixels"),
        shader_part!("shared/algebra/matrix3"),
        shader_part!("shared/algebra/jacobi_rotation"),
        shader_part!("shared/algebra/svd3"),
        shader_part!("shared/algebra/rotation"),
        shader_part!("shared/algebra/workgroup_total"),
        shader_part!("search/place_prior"),
    ]);
    parts
}

/// The step on its buffers.
pub fn stage(context: &Context, variant: Variant, buffers: &Buffers) -> Stage {
    let b = buffers;
    let resources = [
        b.settings.binding(),
        b.progress.binding(),
        b.pairs.binding(),
        b.matches.binding(),
        b.match_facts.binding(),
        b.priors.binding(),
        b.candidates.binding(),
    ];
    Stage::with_resources(context, &Shader { name: "place_prior", parts: &parts(variant) }, &resources)
}
