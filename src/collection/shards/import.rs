//! Files of geometries into a database.

use super::columns::{Cell, Columns, Source};
use super::files::{Part, parts};
use super::geometries::{GeometryRow, GeometryRows};
use super::schema::{PAIR_ID, geometries_schema};
use crate::collection::{Database, TwoViewGeometry, VerifiedRow};
use crate::{Error, Result};
use arrow_array::RecordBatch;
use arrow_array::types::Int64Type;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// What was imported.
#[derive(Debug, Default)]
pub struct ImportSummary {
    /// Pairs whose geometry is in the database now.
    pub pairs: u64,
    /// Pairs that had one and kept it.
    pub kept: u64,
    /// Why other pairs of the files have none: their own errors, or rows that do not fit the database.
    pub failed: Vec<Error>,
}

/// Puts the geometries in the files of a folder into the database that the pairs are of, in one transaction: file by file, those of the
/// lowest pair numbers first, each batch of a file in the order of the numbers. Geometries that the database has are kept, unless
/// `overwrite`. `watch` is called with the number of pairs after each batch, and may stop: nothing is changed then.
///
/// # Errors
/// [`Error::File`], [`Error::Row`]: a file cannot be read or has other columns, a pair is there twice, the database cannot be written, it was
/// stopped, and the first failure when not one pair could be imported. The database is as it was then. A pair that does not fit has its
/// own error, and the others go on.
pub fn import_geometries(
    database: &mut Database,
    folder: &Path,
    overwrite: bool,
    watch: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<ImportSummary> {
    let parts = ordered(parts(folder)?)?;
    let schema = geometries_schema();
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    database.transact(|database| {
        let mut summary = ImportSummary::default();
        for path in &parts {
            let name = path.display().to_string();
            let mut part = Part::open(path, &names)?;
            loop {
                let source = Source { path: &name, first_row: part.row };
                let Some(batch) = part.next_batch()? else { break };
                import(database, &batch, source, overwrite, &mut summary)?;
                if watch(batch.num_rows()).is_break() {
                    return Err(Error::file(folder, "interrupted: the database is as it was"));
                }
            }
        }
        match summary {
            ImportSummary { pairs: 0, kept: 0, mut failed } if !failed.is_empty() => Err(failed.swap_remove(0)),
            summary => Ok(summary),
        }
    })
}

/// The parts by their lowest pair number; no pair may be in them twice.
fn ordered(parts: Vec<PathBuf>) -> Result<Vec<PathBuf>> {
    let mut rows: Vec<(i64, u32, u32)> = Vec::new();
    let mut lowest = Vec::new();
    for (index, path) in parts.iter().enumerate() {
        let name = path.display().to_string();
        let mut part = Part::open(path, &[PAIR_ID])?;
        let before = rows.len();
        loop {
            let source = Source { path: &name, first_row: part.row };
            let Some(batch) = part.next_batch()? else { break };
            let ids = Columns { batch: &batch, source }.numbers::<Int64Type>(PAIR_ID)?.values();
            rows.extend(ids.iter().enumerate().map(|(row, &id)| (id, index as u32, (source.first_row + row) as u32)));
        }
        lowest.push((rows[before..].iter().map(|&(id, ..)| id).min(), index));
    }
    rows.sort_unstable();
    if let Some(&[(id, first, first_row), (_, second, row)]) = rows.array_windows().find(|[one, next]| one.0 == next.0)
    {
        let message =
            format!("pair {id} is there twice: also in row {first_row} of {}", parts[first as usize].display());
        let name = parts[second as usize].display().to_string();
        return Err(Source { path: &name, first_row: 0 }.error(Some(row as usize), message));
    }
    lowest.sort_unstable();
    Ok(lowest.into_iter().map(|(_, index)| parts[index].clone()).collect())
}

fn import(
    database: &mut Database,
    batch: &RecordBatch,
    source: Source<'_>,
    overwrite: bool,
    summary: &mut ImportSummary,
) -> Result<()> {
    let rows = GeometryRows::new(batch, source)?;
    let ids = rows.ids();
    let mut order: Vec<usize> = (0..ids.len()).collect();
    order.sort_unstable_by_key(|&row| ids[row]);
    let mut found: Vec<(i64, Vec<[u32; 2]>, TwoViewGeometry)> = Vec::new();
    for row in order {
        let id = ids[row];
        match fitting(database, id, rows.row(row), overwrite)? {
            Ok(Some((matches, geometry))) => found.push((id, matches, geometry)),
            Ok(None) => summary.kept += 1,
            Err(message) => summary.failed.push(source.error(Some(row), format!("pair {id}: {message}"))),
        }
    }
    let verified =
        found.iter().map(|(pair_id, matches, geometry)| VerifiedRow { pair_id: *pair_id, matches, geometry });
    database.write_geometries(&verified.collect::<Vec<_>>())?;
    summary.pairs += found.len() as u64;
    Ok(())
}

type Found = (Vec<[u32; 2]>, TwoViewGeometry);

/// The matches in the database that a geometry is of; `None` when it has one already that is to be kept.
fn fitting(database: &Database, id: i64, row: Cell<GeometryRow>, overwrite: bool) -> Result<Cell<Option<Found>>> {
    let next =
        |all: bool| Ok(database.pairs_after(id.saturating_sub(1), 1, 1, all)?.pop().filter(|pair| pair.id == id));
    let (match_count, geometry) = match row {
        Ok(GeometryRow { match_count, geometry: Ok(geometry) }) => (match_count, geometry),
        Ok(GeometryRow { geometry: Err(message), .. }) | Err(message) => return Ok(Err(message)),
    };
    let stored = match next(overwrite)? {
        Some(stored) => stored,
        None if !overwrite && next(true)?.is_some() => return Ok(Ok(None)),
        None => return Ok(Err("expected a pair with matches in the database, but there is none".to_owned())),
    };
    Ok(stored.matches.and_then(|matches| {
        if matches.len() != match_count {
            let stored = matches.len();
            return Err(format!("expected a geometry of the pair's {stored} matches, but it is of {match_count}"));
        }
        Ok(Some((matches, geometry)))
    }))
}
