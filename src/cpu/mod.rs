//! The twin of each shader under the same stem: the reference for tests, and the fallback without a GPU.

pub mod algebra;
pub mod degeneracy;
pub mod fit_pose;
pub mod manifold;
pub mod mark_inliers;
pub mod normalize_matches;
pub mod refine_model;
pub mod residual;
pub mod robust;
pub mod sample_minimal;
pub mod score_models;
pub mod select_best;
pub mod solve_essential_5pt;
pub mod solve_fundamental_7pt;
pub mod solve_fundamental_8pt;
pub mod solve_homography_4pt;
pub mod solve_pose_p3p;
pub mod solve_rigid_3pt;
pub mod solve_sample;
