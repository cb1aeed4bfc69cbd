use crate::{Error, Result};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
#[cfg(feature = "hloc")]
use std::thread;

/// A type of HDF5 can nest in its 64 KiB some 8,000 deep, and its reader recurses.
#[cfg(feature = "hloc")]
const STACK_BYTES: usize = 1 << 26;

thread_local! {
    static IS_CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread now would be an error, of which nobody else need be told.
#[cfg(feature = "cli")]
pub(crate) fn is_contained() -> bool {
    IS_CONTAINED.get()
}

/// Has a crate read a file where it can do no harm: should it panic on one that is broken, which those for HDF5 and Parquet do,
/// that is an error of the file. What was read by it before must not be used then. The one place that catches panics.
pub(super) fn contained<T>(path: &Path, read: impl FnOnce() -> Result<T>) -> Result<T> {
    IS_CONTAINED.set(true);
    let read = catch_unwind(AssertUnwindSafe(read));
    IS_CONTAINED.set(false);
    read.unwrap_or_else(|_| Err(Error::file(path, "the file is broken: its reader fails on it")))
}

/// [`contained`], on a stack that is deep enough for whatever a file may nest.
#[cfg(feature = "hloc")]
pub(super) fn contained_deep<T: Send>(path: &Path, read: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    thread::scope(|scope| {
        let reader = thread::Builder::new().stack_size(STACK_BYTES);
        let reader = reader.spawn_scoped(scope, || contained(path, read)).map_err(|error| Error::file(path, error))?;
        reader.join().unwrap_or_else(|_| Err(Error::file(path, "the thread that reads it has ended")))
    })
}
