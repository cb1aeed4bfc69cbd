use crate::{Error, Result};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Writes beside, has it on the disk, then puts it in place: a full disk or a kill leaves what was there.
///
/// # Errors
/// [`Error::File`] when it cannot be written.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let partial = path.with_added_extension("partial");
    let write = || -> io::Result<()> {
        let mut file = File::create(&partial)?;
        file.write_all(bytes)?;
        put_in_place(file, &partial, path)
    };
    write().map_err(|error| {
        drop(fs::remove_file(&partial));
        Error::file(path, error)
    })
}

/// Has a file on the disk that was written beside its place, then puts it there.
pub(crate) fn put_in_place(file: File, partial: &Path, path: &Path) -> io::Result<()> {
    file.sync_all()?;
    drop(file);
    fs::rename(partial, path)?;
    // the name itself is on the disk only with its folder; not all systems can
    if let Some(folder) = path.parent() {
        drop(File::open(folder).and_then(|folder| folder.sync_all()));
    }
    Ok(())
}
