//! One launcher for each shader, under the same stem; each encodes into the caller's command encoder.

pub mod buffers;
pub mod layout;
pub mod localise;
pub mod rank;
pub mod recover;
pub mod search;
pub mod solve;
mod stage;
mod variant;

use crate::{ModelKind, gpu::Shader};

pub use buffers::{Buffers, Capacity, HostBuffers, MatchArrays, Priors};
pub use stage::{Stage, Workgroups};
pub use variant::Variant;
pub(crate) use variant::match_vectors;

/// The stem and the texts of every stage that a variant has.
pub fn stage_texts(variant: Variant) -> Vec<(&'static str, Vec<&'static str>)> {
    let mut texts = vec![
        ("weigh_matches", search::weigh_matches::parts(variant)),
        ("normalize_matches", search::normalize_matches::parts(variant)),
        ("sample_minimal", search::sample_minimal::parts(variant)),
        ("pack_models", search::pack_models::parts(variant)),
        ("score_models", search::score_models::parts(variant)),
        ("select_best", search::select_best::parts(variant)),
        ("place_prior", search::place_prior::parts(variant)),
        ("refine_model", search::refine_model::parts(variant)),
        ("plan_round", search::plan_round::parts(variant)),
        ("choose_finalists", search::choose_finalists::parts(variant)),
        ("settle_winner", search::settle_winner::parts(variant)),
        ("mark_inliers", search::mark_inliers::parts(variant)),
        ("pack_mask", search::pack_mask::parts()),
    ];
    if matches!(variant.kind, ModelKind::Essential | ModelKind::Fundamental) {
        texts.extend([
            ("find_neighbours", rank::find_neighbours::parts_of_pairs(variant)),
            ("weigh_by_neighbours", search::weigh_by_neighbours::parts(variant)),
        ]);
    }
    if variant.kind == ModelKind::Essential {
        texts.push(("explain_by_rotation", recover::explain_by_rotation::parts(variant)));
    }
    if variant.kind == ModelKind::Pose {
        texts.push(("estimate_noise", search::estimate_noise::parts(variant)));
    }
    if matches!(variant.kind, ModelKind::Pose | ModelKind::Rigid) {
        texts.push(("certify_rotation", recover::certify_rotation::parts(variant)));
    }
    if variant.kind == ModelKind::Fundamental {
        texts.push(("recover_plane", recover::recover_plane::parts(variant)));
    }
    if matches!(variant.kind, ModelKind::Essential | ModelKind::Fundamental) {
        texts.push(("explain_by_homography", recover::explain_by_homography::parts(variant)));
    }
    texts
}

/// The shaders of the networks that rank matches.
pub const RANK_SHADERS: [Shader<'static>; 10] = [
    rank::prepare_rows::SHADER,
    rank::linear_rows::SHADER,
    rank::segment_norm::SHADER,
    rank::find_neighbours::SHADER,
    rank::edge_features::SHADER,
    rank::pool_neighbours::SHADER,
    rank::predict_logits::SHADER,
    rank::feature_neighbours::SHADER,
    rank::annular_rings::SHADER,
    rank::graph_convolution::SHADER,
];

/// The shaders of localisation.
pub const LOCALISE_SHADERS: [Shader<'static>; 10] = [
    localise::read_texture::SHADER,
    localise::orient_gradients::SHADER,
    localise::pool_gradients::SHADER,
    localise::describe_cells::SHADER,
    localise::recall_points::SHADER,
    localise::standardise::SHADER,
    localise::mean_blocks::SHADER,
    localise::enlarge_plane::SHADER,
    localise::gather_patches::SHADER,
    localise::place_points::SHADER,
];
