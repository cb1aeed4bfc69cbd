//! What planes, missing translation and points on a line leave open, and what is recovered of it.

pub(crate) mod certainty;
mod compared;
pub mod degeneracy;
pub mod explain_by_homography;
pub mod recover_plane;
pub mod two_views;
