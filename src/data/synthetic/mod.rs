//! Random problems and image pairs with known truth.

pub(crate) mod pairs;
pub mod problems;
