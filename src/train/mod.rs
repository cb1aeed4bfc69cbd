//! Training: the network as a Burn module, and the custom-gradient operations that let its gradient pass through sampling and
//! minimal solvers.

pub mod ops;
