//! One file a subcommand.

pub(crate) mod bench;
pub(crate) mod bench_gpu;
pub(crate) mod devices;
pub(crate) mod estimate;
pub(crate) mod eval;
pub(crate) mod export;
#[cfg(feature = "shards")]
mod export_parquet;
pub(crate) mod import;
#[cfg(feature = "train")]
mod import_checkpoint;
#[cfg(feature = "shards")]
mod import_geometries;
pub(crate) mod localise;
#[cfg(not(all(feature = "train", feature = "shards", feature = "hloc", feature = "rerun")))]
pub(crate) mod missing;
pub(crate) mod rank;
pub(crate) mod synthesize;
pub(crate) mod synthesize_room;
#[cfg(feature = "train")]
pub(crate) mod train;
pub(crate) mod verify;
#[cfg(feature = "hloc")]
mod verify_hloc;
#[cfg(feature = "shards")]
pub(crate) mod verify_shards;
