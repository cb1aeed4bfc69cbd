//! One launcher for each shader, under the same stem; each encodes into the caller's command encoder.

pub mod solver;
