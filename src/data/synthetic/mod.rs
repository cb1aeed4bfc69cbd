//! Random problems, image pairs and a room with known truth.

pub(crate) mod pairs;
pub mod problems;
pub mod room;
