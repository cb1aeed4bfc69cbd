//! A shard of the work: each of its files of pairs to a file of geometries.

use super::columns::Source;
use super::files::{NewPart, Part, parts, remove_partials};
use super::geometries::{GeometryRow, record_batch};
use super::pairs::{PairRow, PairRows};
use super::schema::geometries_schema;
use crate::collection::{Pair, Verifier};
use crate::data::synthetic::problems::pair_seed;
use crate::error::no_answer;
use crate::parallel::parallel_map;
use crate::{Error, Result};
use arrow_array::RecordBatch;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The geometries of a batch of pairs: [`pairs_schema`](super::pairs_schema) in, [`geometries_schema`] out, a row a pair in the order of
/// the pairs. The samples of a pair follow from its number and the seed alone, so that whichever batch it is in, and however often it
/// is verified, its row is the same.
///
/// A pair that is wrong has its row, with the error in it.
///
/// # Errors
/// [`Error::Row`]: a column is missing or of another type, or a pair has no number.
pub fn verify_record_batch(verifier: &Verifier, batch: &RecordBatch, seed: u64) -> Result<RecordBatch> {
    let source = Source { path: "record batch", first_row: 0 };
    let (ids, rows) = verify(verifier, batch, seed, source)?;
    record_batch(ids, &rows, source)
}

fn verify<'a>(
    verifier: &Verifier,
    batch: &'a RecordBatch,
    seed: u64,
    source: Source<'a>,
) -> Result<(&'a [i64], Vec<GeometryRow>)> {
    let pairs = PairRows::new(batch, source)?;
    let ids = pairs.ids();
    let threads = verifier.options().estimator.threads;
    let rows = parallel_map(threads, ids.len(), |row| pairs.pair(row));
    let matches: Vec<_> = rows.iter().map(|row| row.as_ref().map_or_else(|_| Vec::new(), PairRow::matches)).collect();
    let ready = rows.iter().zip(&matches).zip(ids).filter_map(|((row, matches), &id)| {
        let PairRow { views: [view1, view2], ratios } = row.as_ref().ok()?;
        let seed = pair_seed(seed, id as usize);
        Some(Pair { views: [view1, view2], matches, ratios: ratios.as_deref(), seed })
    });
    let mut verified = verifier.verify_batch(&ready.collect::<Vec<_>>()).into_iter();
    let rows = rows.into_iter().zip(&matches).map(|(row, matches)| {
        let geometry = row.and_then(|_| verified.next().unwrap_or_else(no_answer).map_err(|error| error.to_string()));
        GeometryRow { match_count: matches.len(), geometry }
    });
    let rows = rows.collect();
    Ok((ids, rows))
}

/// Which files of a folder are to be done: those whose place, by name, leaves this remainder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// From 0.
    pub index: usize,
    /// Into how many the work is split.
    pub count: usize,
}

impl FromStr for Shard {
    type Err = String;

    /// `i/n`, with `i` from 0 to `n - 1`.
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let numbers = text.split_once('/').and_then(|(index, count)| Some([index.parse().ok()?, count.parse().ok()?]));
        match numbers {
            Some([index, count]) if index < count => Ok(Self { index, count }),
            _ => Err("expected i/n with i from 0 to n - 1, as 0/4".to_owned()),
        }
    }
}

/// What became of a shard.
#[derive(Debug, Default)]
pub struct ShardSummary {
    /// Parts written.
    pub parts: usize,
    /// Parts that were there.
    pub skipped: usize,
    /// Pairs of the parts written.
    pub pairs: u64,
    /// Those of them that have an error in place of a geometry.
    pub failed: u64,
    /// Some of these errors.
    pub failures: Vec<Error>,
    /// Why other parts could not be written.
    pub failed_parts: Vec<Error>,
    /// Whether it was stopped before the last part.
    pub stopped: bool,
}

/// Different failures of pairs that are kept.
const FAILURES: usize = 20;

/// The files of a shard, each with its place in the other folder.
fn work(pairs: &Path, shard: Shard, out: &Path) -> Result<Vec<(PathBuf, PathBuf)>> {
    let mine = parts(pairs)?.into_iter().skip(shard.index).step_by(shard.count);
    Ok(mine.filter_map(|path| path.file_name().map(|name| out.join(name)).map(|place| (path, place))).collect())
}

/// How many pairs of a shard are to be verified yet; files that cannot be read count for none.
///
/// # Errors
/// [`Error::File`] when the folder of pairs cannot be read.
pub fn count_pairs(pairs: &Path, shard: Shard, out: &Path) -> Result<u64> {
    let left = work(pairs, shard, out)?.into_iter().filter(|(_, place)| !place.exists());
    Ok(left.map(|(path, _)| Part::open(&path, &[]).map_or(0, |part| part.rows as u64)).sum())
}

/// Verifies the pairs of a shard's files in a folder; their geometries are in files of the same names in another. A file is there under its
/// name when it is whole and on the disk, and what is there is not done again: after a kill the same call goes on. `watch` is called with
/// the number of pairs after each batch, and may stop.
///
/// # Errors
/// [`Error::File`] when a folder cannot be read or made. A part that fails has its own error, and the others go on.
pub fn verify_shard(
    verifier: &Verifier,
    pairs: &Path,
    shard: Shard,
    out: &Path,
    seed: u64,
    watch: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<ShardSummary> {
    let mut summary = ShardSummary::default();
    let work = work(pairs, shard, out)?;
    fs::create_dir_all(out).map_err(|error| Error::file(out, error))?;
    for (path, place) in &work {
        if place.exists() {
            remove_partials(place);
            summary.skipped += 1;
            continue;
        }
        match verify_part(verifier, path, place, seed, &mut summary, watch) {
            Ok(ControlFlow::Break(())) => {
                summary.stopped = true;
                break;
            }
            Ok(ControlFlow::Continue(())) => {
                summary.parts += 1;
                remove_partials(place);
            }
            Err(error) => summary.failed_parts.push(error),
        }
    }
    Ok(summary)
}

fn verify_part(
    verifier: &Verifier,
    path: &Path,
    place: &Path,
    seed: u64,
    summary: &mut ShardSummary,
    watch: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<ControlFlow<()>> {
    let name = path.display().to_string();
    let mut part = Part::open(path, &PairRows::columns())?;
    let mut new = NewPart::create(place, geometries_schema())?;
    let (mut pairs, mut failed) = (0, 0);
    loop {
        let source = Source { path: &name, first_row: part.row };
        let Some(batch) = part.next_batch()? else { break };
        let (ids, rows) = verify(verifier, &batch, seed, source)?;
        new.write(&record_batch(ids, &rows, source)?)?;
        pairs += rows.len() as u64;
        for (row, message) in
            rows.iter().enumerate().filter_map(|(row, result)| Some((row, result.geometry.as_ref().err()?)))
        {
            failed += 1;
            if summary.failures.len() < FAILURES {
                summary.failures.push(source.error(Some(row), format!("pair {}: {message}", ids[row])));
            }
        }
        if watch(rows.len()).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    new.finish()?;
    summary.pairs += pairs;
    summary.failed += failed;
    Ok(ControlFlow::Continue(()))
}
