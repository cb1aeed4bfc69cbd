//! Small dense linear algebra and polynomial roots, f64, fixed sizes, no allocation.

pub mod cubic;
pub mod eigen;
pub mod linear;
pub mod matrix3;
pub mod null_space;
pub mod polynomial;
pub mod similarity;
mod solutions;
pub mod svd3;

pub use solutions::Solutions;
