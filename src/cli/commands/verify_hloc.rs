//! hloc's files, put into a COLMAP database to be verified there.

use crate::cli::{complain_of, print};
use crate::collection::Database;
use crate::collection::hloc::open_with;
use std::path::{Path, PathBuf};

/// The database, new where there was none, and how many pairs of the list are not in the files.
pub(super) fn read(path: &Path, files: &[PathBuf], quiet: bool) -> anyhow::Result<(Database, usize)> {
    let [features, matches, pairs] = files else {
        anyhow::bail!("--hloc: expected three files, but got {}", files.len())
    };
    let (database, summary) = open_with(path, features, matches, pairs)?;
    if !quiet {
        let (images, pairs, matches) = (summary.images, summary.pairs, summary.matches);
        print(&format!(
            "{}: key points of {images} images and {matches} matches of {pairs} pairs\n",
            features.display()
        ))?;
    }
    complain_of(&summary.failed);
    Ok((database, summary.failed.len()))
}
