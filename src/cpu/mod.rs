//! The twin of each shader under the same stem: the reference for tests, and the fallback without a GPU.

pub mod algebra;
<<<<<<< HEAD
pub mod annular_rings;
=======
pub mod closest_model;
>>>>>>> grad
pub mod degeneracy;
pub mod edge_features;
pub mod feature_neighbours;
pub mod find_neighbours;
pub mod fit_pose;
<<<<<<< HEAD
pub mod graph_convolution;
pub mod linear_rows;
=======
pub mod implicit;
>>>>>>> grad
pub mod manifold;
pub mod mark_inliers;
pub mod normalize_matches;
pub mod pool_neighbours;
pub mod predict_logits;
pub mod refine_model;
pub mod residual;
pub mod robust;
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
pub mod solve_sample;
