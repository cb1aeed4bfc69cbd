//! What planes, missing translation and points on a line leave open, and what is recovered of it.

pub mod certify_rotation;
pub mod degeneracy;
pub mod explain_by_rotation;
