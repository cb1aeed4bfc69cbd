//! One file a subcommand.

pub(crate) mod bench;
pub(crate) mod bench_gpu;
pub(crate) mod devices;
pub(crate) mod estimate;
pub(crate) mod eval;
pub(crate) mod export;
#[cfg(feature = "train")]
pub(crate) mod import;
pub(crate) mod rank;
pub(crate) mod synthesize;
#[cfg(feature = "train")]
pub(crate) mod train;
#[cfg(not(feature = "train"))]
pub(crate) mod untrained;
pub(crate) mod verify;
