//! `pairs.txt`: two names of images a line.

use crate::{Error, Result};
use rustc_hash::FxHashSet;
use std::fs;
use std::path::Path;

/// The pairs of a list, each once. Empty lines and those that begin with `#` are no pairs.
///
/// # Errors
/// [`Error::File`] when it cannot be read, or a line has not two different names.
pub fn read_pairs(path: &Path) -> Result<Vec<[String; 2]>> {
    let text = fs::read_to_string(path).map_err(|error| Error::file(path, error))?;
    let mut seen = FxHashSet::default();
    let mut pairs = Vec::new();
    for (line, names) in text.lines().enumerate() {
        let names: Vec<_> = names.split_whitespace().map(str::to_owned).collect();
        let Some(first) = names.first() else { continue };
        if first.starts_with('#') {
            continue;
        }
        let pair: [String; 2] = names.try_into().map_err(|names: Vec<_>| {
            let found = names.len();
            Error::file(path, format!("line {}: expected two names of images, but there are {found} words", line + 1))
        })?;
        if pair[0] == pair[1] {
            return Err(Error::file(path, format!("line {}: expected two images, but both are {}", line + 1, pair[0])));
        }
        let mut unordered = pair.clone();
        unordered.sort_unstable();
        if seen.insert(unordered) {
            pairs.push(pair);
        }
    }
    Ok(pairs)
}
