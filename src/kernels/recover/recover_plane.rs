//! Fundamental matrices of planes and the parallax of the matches off them: launcher, a pair and candidate a workgroup,
//! [`RECOVERED`](crate::constants::RECOVERED) candidates a pair. Twin: [`cpu::recover_plane`](crate::cpu::recover::recover_plane).

use crate::gpu::{Context, shader_part};
use crate::kernels::{Stage, Variant, buffers::Buffers};

/// The shader's texts, for fundamental matrices.
pub fn parts(variant: Variant) -> Vec<&'static str> {
    let mut parts = super::plane(variant);
    parts.extend(variant.residual());
    parts.extend([
        variant.gain(),
        shader_part!("shared/layout/match_weights"),
        shader_part!("shared/random/pick_by_sums"),
        shader_part!("shared/algebra/matrix3"),
        shader_part!("shared/algebra/nine"),
        shader_part!("shared/algebra/jacobi_rotation"),
        shader_part!("shared/algebra/triangular9"),
        shader_part!("shared/solver/hartley"),
        shader_part!("shared/solver/linear_homography"),
        shader_part!("shared/solver/ranked_candidate"),
        shader_part!("shared/solver/solve_pairs_of_matches"),
        shader_part!("shared/solver/plane_of_sample"),
        shader_part!("recover/recover_plane"),
    ]);
    parts
}

/// The step on its buffers.
pub fn stage(context: &Context, variant: Variant, buffers: &Buffers) -> Stage {
    let b = buffers;
    Stage::new(
        context,
        "recover_plane",
        &parts(variant),
        &[&b.settings, &b.pairs, &b.matches, &b.match_facts, &b.weight_sums, &b.candidates, &b.minimal_models],
    )
}
