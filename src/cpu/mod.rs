//! The twin of each shader under the same stem: the reference for tests, and the fallback without a GPU.

pub mod localise;
pub mod magsac;
pub mod rank;
pub mod real;
pub mod recover;
pub mod residual;
pub mod robust;
pub mod scaled;
pub mod search;
pub mod solve;
pub mod train;
