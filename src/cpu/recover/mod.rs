//! What planes and missing translation leave of an epipolar geometry, and how it is recovered.

pub mod degeneracy;
