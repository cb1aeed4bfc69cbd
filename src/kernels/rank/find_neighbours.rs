//! The nearest other matches, [`NEIGHBOUR_ROWS`](constants::NEIGHBOUR_ROWS) matches of a pair a workgroup: launcher. Twin: [`cpu::find_neighbours`](crate::cpu::rank::find_neighbours).

use crate::constants;
use crate::gpu::{Context, Shader, shader_part};
use crate::kernels::{Buffers, Capacity, Stage, Variant};

/// The shader.
pub const SHADER: Shader<'static> = Shader {
    name: "find_neighbours",
    parts: &[
        constants::RANK,
        shader_part!("shared/layout/rank_types"),
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/layout/batch"),
        shader_part!("shared/rank/nearest"),
        shader_part!("shared/rank/chunks_of_batch"),
        shader_part!("rank/find_neighbours"),
    ],
};

/// The step on its buffers: shape, batch, matches, neighbours.
pub fn stage(context: &Context, buffers: [&wgpu::Buffer; 4]) -> Stage {
    Stage::new(context, SHADER.name, SHADER.parts, &buffers)
}

/// The texts of the shader for the pairs of an estimator.
pub fn parts_of_pairs(variant: Variant) -> Vec<&'static str> {
    let mut parts = variant.common().to_vec();
    parts.extend([
        constants::RANK,
        constants::COHERENCE,
        shader_part!("shared/layout/turns"),
        shader_part!("shared/rank/nearest"),
        shader_part!("shared/rank/chunks_of_pairs"),
        shader_part!("rank/find_neighbours"),
    ]);
    parts
}

/// The step on the matches of two views of all pairs that have a finalist, [`constants::COHERENT_NEIGHBOURS`] of each.
pub fn stage_of_pairs(context: &Context, variant: Variant, buffers: &Buffers, neighbours: &wgpu::Buffer) -> Stage {
    let b = buffers;
    let bindings = [&*b.settings, &b.pairs, &b.finalists, &b.matches, neighbours];
    Stage::new(context, SHADER.name, &parts_of_pairs(variant), &bindings)
}

/// Workgroups of [`stage_of_pairs`].
pub const fn workgroups_of_pairs(capacity: Capacity) -> u32 {
    capacity.pairs + capacity.matches / constants::NEIGHBOUR_ROWS
}
