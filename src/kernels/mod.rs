//! One launcher for each shader, under the same stem; each encodes into the caller's command encoder.

pub mod annular_rings;
pub mod buffers;
pub mod edge_features;
pub mod feature_neighbours;
pub mod find_neighbours;
pub mod fit;
pub mod graph_convolution;
pub mod layout;
pub mod linear_rows;
pub mod mark_inliers;
pub mod normalize_matches;
pub mod pack_models;
pub mod plan_round;
pub mod pool_neighbours;
pub mod predict_logits;
pub mod refine_model;
pub mod run_solver;
pub mod sample_minimal;
pub mod score_models;
pub mod segment_norm;
pub mod select_best;
pub mod solve_essential_5pt;
pub mod solve_essential_5pt_backward;
pub mod solve_fundamental_7pt;
pub mod solve_fundamental_7pt_backward;
pub mod solve_fundamental_8pt;
pub mod solve_fundamental_8pt_backward;
pub mod solve_homography_4pt;
pub mod solve_homography_4pt_backward;
pub mod solve_pose_p3p;
pub mod solve_pose_p3p_backward;
pub mod solve_rigid_3pt;
pub mod solve_rigid_3pt_backward;
pub mod solver;
pub mod solver_backward;
mod stage;
mod variant;

use crate::gpu::Shader;

pub use buffers::{Buffers, Capacity, HostBuffers};
pub use stage::{Stage, Workgroups};
pub use variant::Variant;

/// The stem and the texts of every stage, for each variant of it.
pub fn stage_texts(variant: Variant) -> [(&'static str, Vec<&'static str>); 8] {
    [
        ("normalize_matches", normalize_matches::parts(variant)),
        ("sample_minimal", sample_minimal::parts(variant)),
        ("pack_models", pack_models::parts(variant)),
        ("score_models", score_models::parts(variant)),
        ("select_best", select_best::parts(variant)),
        ("refine_model", refine_model::parts(variant)),
        ("plan_round", plan_round::parts(variant)),
        ("mark_inliers", mark_inliers::parts(variant)),
    ]
}

/// The shaders of the networks that rank matches.
pub const RANK_SHADERS: [Shader<'static>; 9] = [
    linear_rows::SHADER,
    segment_norm::SHADER,
    find_neighbours::SHADER,
    edge_features::SHADER,
    pool_neighbours::SHADER,
    predict_logits::SHADER,
    feature_neighbours::SHADER,
    annular_rings::SHADER,
    graph_convolution::SHADER,
];
