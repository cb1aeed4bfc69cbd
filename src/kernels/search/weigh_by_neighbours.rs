//! What matches weigh by their neighbours, in the refinement of finalists: launcher, matches of a pair a workgroup. Twin:
//! [`cpu::weigh_by_neighbours`](crate::cpu::search::weigh_by_neighbours).

use crate::constants;
use crate::gpu::{Context, shader_part};
use crate::kernels::{Buffers, Capacity, Stage, Variant};

/// The shader's texts, of an epipolar geometry.
pub fn parts(variant: Variant) -> Vec<&'static str> {
    let mut parts = variant.common().to_vec();
    parts.extend([
        constants::COHERENCE,
        constants::COHERENCE_LIMITS,
        shader_part!("shared/layout/match_weights"),
        shader_part!("shared/layout/turns"),
    ]);
    parts.extend(variant.residual());
    parts.push(shader_part!("search/weigh_by_neighbours"));
    parts
}

/// The step on its buffers: one [`Coherence`](crate::kernels::layout::Coherence), a uniform; the
/// [`constants::COHERENT_NEIGHBOURS`] of each match; and what is written, of each place that takes part, of all matches.
pub fn stage(
    context: &Context,
    variant: Variant,
    buffers: &Buffers,
    [coherence, neighbours, weights]: [&wgpu::Buffer; 3],
) -> Stage {
    let b = buffers;
    let bindings = [&*b.settings, coherence, &b.pairs, &b.matches, &b.match_facts, &b.finalists, neighbours, weights];
    Stage::new(context, "weigh_by_neighbours", &parts(variant), &bindings)
}

/// Workgroups for so many places of each pair.
pub const fn workgroups(capacity: Capacity, places: u32) -> u32 {
    places * (capacity.pairs + capacity.matches / constants::WEIGHED_MATCHES)
}
