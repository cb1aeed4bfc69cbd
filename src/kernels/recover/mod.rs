//! What planes, missing translation and points on a line leave open, and what is recovered of it.

pub mod certify_rotation;
pub mod explain_by_homography;
pub mod explain_by_rotation;
pub mod recover_plane;

use super::Variant;
use crate::constants;
use crate::gpu::shader_part;

/// What the stages of two views share: samples of the matches picked, and the search among their models.
fn search(variant: Variant) -> Vec<&'static str> {
    let mut parts = variant.common().to_vec();
    parts.extend([
        constants::RECOVERY,
        constants::RECOVERY_LIMITS,
        shader_part!("shared/random/random"),
        shader_part!("shared/random/draw_sample"),
        shader_part!("shared/residual/sampson_transfer"),
        shader_part!("shared/algebra/workgroup_total"),
        shader_part!("shared/algebra/prefix_sums"),
        shader_part!("shared/solver/picked_matches"),
        shader_part!("shared/solver/most_explained"),
    ]);
    parts
}

/// What the stages of planes share: the search, and fits of homographies.
fn plane(variant: Variant) -> Vec<&'static str> {
    let mut parts = search(variant);
    parts.extend([
        shader_part!("shared/layout/load_match"),
        shader_part!("shared/layout/model_rows"),
        shader_part!("shared/layout/pixels"),
        shader_part!("shared/algebra/add_up"),
        shader_part!("shared/algebra/gauss_jordan"),
        shader_part!("shared/solver/refit_homography"),
    ]);
    parts.extend(Variant { kind: crate::ModelKind::Homography, ..variant }.manifold());
    parts
}
