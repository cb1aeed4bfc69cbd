//! One launcher for each shader, under the same stem; each encodes into the caller's command encoder.

pub mod fit;
pub mod run_solver;
pub mod solve_essential_5pt;
pub mod solve_fundamental_7pt;
pub mod solve_fundamental_8pt;
pub mod solve_homography_4pt;
pub mod solve_pose_p3p;
pub mod solve_rigid_3pt;
pub mod solver;
