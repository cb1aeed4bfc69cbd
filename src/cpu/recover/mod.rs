//! What planes, missing translation and points on a line leave open, and what is recovered of it.

pub(crate) mod certainty;
pub mod degeneracy;
pub mod explain_by_rotation;
