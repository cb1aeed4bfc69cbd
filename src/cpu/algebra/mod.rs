//! Small dense linear algebra and polynomial roots, f64, fixed sizes, no allocation.

pub mod eigen;
pub mod linear;
pub mod null_space;
pub mod polynomial;
mod solutions;
pub mod svd3;

pub use solutions::Solutions;
