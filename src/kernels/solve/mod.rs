//! The minimal solvers, their fits to more matches, and their gradients.

pub mod fit;
#[cfg(not(target_arch = "wasm32"))]
pub mod run_solver;
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
#[cfg(not(target_arch = "wasm32"))]
pub mod solver_backward;
