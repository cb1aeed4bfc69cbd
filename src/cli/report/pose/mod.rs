//! Absolute poses against the true ones.

mod accuracy;
mod figures;
mod scene;

pub(crate) use accuracy::PoseAccuracy;
