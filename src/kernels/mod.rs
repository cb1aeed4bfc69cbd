//! One launcher for each shader, under the same stem; each encodes into the caller's command encoder.

pub mod run_solver;
pub mod solve_essential_5pt;
pub mod solver;
