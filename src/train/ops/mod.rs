//! Operations with gradients of their own, for any Burn model.

mod backend;
mod closest_model;
mod gather_matches;
mod kernel;
mod packing;
mod sample_gumbel;
mod solve;
mod solve_backward;
mod solver;
mod spatial;

pub use packing::Packing;
pub use sample_gumbel::{Samples, Sampling, sample_minimal};
pub use solve::{
    Solved, solve, solve_essential_5pt, solve_fundamental_7pt, solve_fundamental_8pt, solve_homography_4pt,
    solve_pose_p3p, solve_rigid_3pt,
};
pub use solver::Solver;

use crate::gpu::Shader;

/// Every shader of this room, to be validated.
#[doc(hidden)]
pub fn shaders() -> Vec<Shader<'static>> {
    vec![
        sample_gumbel::SAMPLE,
        sample_gumbel::SAMPLE_BACKWARD,
        gather_matches::GATHER,
        gather_matches::GATHER_BACKWARD,
        solve::WEIGHTED_8PT,
        closest_model::CLOSEST,
    ]
}
