//! One launcher for each shader, under the same stem; each encodes into the caller's command encoder.

pub mod buffers;
pub mod fit;
pub mod layout;
pub mod mark_inliers;
pub mod normalize_matches;
pub mod pack_models;
pub mod plan_round;
pub mod refine_model;
pub mod run_solver;
pub mod sample_minimal;
pub mod score_models;
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
