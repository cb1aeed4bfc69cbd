//! The texts of all shaders, to be compiled, validated or read.

use super::{Variant, localise, rank, recover, search, solve};
use crate::{ModelKind, gpu::Shader};

/// Every shader that is launched from here, with all its variants: its name and its text.
pub fn shader_texts() -> Vec<(&'static str, String)> {
    let stages = Variant::all().flat_map(stage_texts).map(|(name, parts)| (name, parts.join("\n")));
    let fixed = SOLVE_SHADERS.iter().chain(&RANK_SHADERS).chain(&LOCALISE_SHADERS);
    stages.chain(fixed.map(|shader| (shader.name, shader.source()))).collect()
}

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

/// The minimal solvers, their fits to more matches, and their gradients.
pub const SOLVE_SHADERS: [Shader<'static>; 15] = [
    solve::solve_essential_5pt::SHADER,
    solve::solve_fundamental_7pt::SHADER,
    solve::solve_fundamental_8pt::SHADER,
    solve::solve_fundamental_8pt::FIT_SHADER,
    solve::solve_homography_4pt::SHADER,
    solve::solve_homography_4pt::FIT_SHADER,
    solve::solve_pose_p3p::SHADER,
    solve::solve_rigid_3pt::SHADER,
    solve::solve_rigid_3pt::FIT_SHADER,
    solve::solve_essential_5pt_backward::SHADER,
    solve::solve_fundamental_7pt_backward::SHADER,
    solve::solve_fundamental_8pt_backward::SHADER,
    solve::solve_homography_4pt_backward::SHADER,
    solve::solve_pose_p3p_backward::SHADER,
    solve::solve_rigid_3pt_backward::SHADER,
];

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
