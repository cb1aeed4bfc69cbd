//! What planes, missing translation and points on a line leave open, and what is recovered of it.

pub mod certify_rotation;
mod compared;
pub mod explain_by_homography;
pub mod explain_by_rotation;
pub mod recover_plane;
pub mod two_views;
