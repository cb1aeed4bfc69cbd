//! What a program says of what it was built without.

use anyhow::{Result, bail};
#[cfg(not(all(feature = "train", feature = "shards")))]
use std::ffi::OsString;

/// What the command would be given.
#[cfg(not(all(feature = "train", feature = "shards")))]
#[derive(Debug, clap::Args)]
pub(crate) struct MissingArgs {
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    _arguments: Vec<OsString>,
}

/// Says how to get training.
#[cfg(not(feature = "train"))]
pub(crate) fn training() -> Result<()> {
    bail!(
        "this program was built without training; in the folder of its source, `cargo install --path . --features train` \
         builds it with training (Burn makes that a matter of a quarter to half an hour)"
    )
}

/// Says how to get Parquet.
#[cfg(not(feature = "shards"))]
pub(crate) fn shards() -> Result<()> {
    bail!(
        "this program was built without Parquet; in the folder of its source, `cargo install --path . --features shards` \
         builds it with Parquet"
    )
}

/// Says how to get hloc's files.
#[cfg(not(feature = "hloc"))]
pub(crate) fn hloc<T>() -> Result<T> {
    bail!(
        "this program was built without HDF5; in the folder of its source, `cargo install --path . --features hloc` builds \
         it with HDF5"
    )
}

/// Says how to get recordings for the rerun viewer.
#[cfg(not(feature = "rerun"))]
pub(crate) fn rerun<T>() -> Result<T> {
    bail!(
        "this program was built without rerun; in the folder of its source, `cargo install --path . --features rerun` builds \
         it with rerun"
    )
}
