//! A database's pairs as files of pairs.

use super::files::{NewPart, is_part};
use super::schema::{camera_fields, pairs_schema};
use crate::collection::verify_database::{MATCHES, PAIRS, Views};
use crate::collection::{Database, Pair, View, images_of_pair};
use crate::{Error, Result};
use arrow_array::builder::{FixedSizeListBuilder, Float32Builder, Float64Builder, ListBuilder, NullBufferBuilder};
use arrow_array::{ArrayRef, BooleanArray, Int32Array, Int64Array, RecordBatch, StructArray};
use arrow_schema::ArrowError;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

/// Pairs of a file where nothing else is asked for: some 64 MB with 500 matches each.
pub const PAIRS_PER_PART: usize = 8192;
/// What was exported.
#[derive(Debug, Default)]
pub struct ExportSummary {
    /// Files written.
    pub parts: usize,
    /// Pairs in them.
    pub pairs: u64,
    /// Why other pairs are not.
    pub failed: Vec<Error>,
    /// Whether it was stopped before the last pair; there is no folder then.
    pub stopped: bool,
}

/// Writes all pairs of a database that have matches, by their numbers, into files of a new folder, some thousand each. The folder is there
/// under its name when all of them are. `watch` is called with the number of pairs after each batch, and may stop.
///
/// # Errors
/// [`Error::File`] when the database cannot be read or the files not be written, or when the folder holds Parquet files already. A pair whose
/// rows are wrong has its own error, and the others go on.
pub fn write_pairs(
    database: &Database,
    folder: &Path,
    pairs_per_part: usize,
    threads: usize,
    watch: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<ExportSummary> {
    let partial = new_folder(folder)?;
    let mut summary = ExportSummary::default();
    let mut views = Views::default();
    let mut after = i64::MIN;
    let (mut part, mut left): (Option<NewPart>, usize) = (None, 0);
    while !summary.stopped {
        let limit = if left == 0 { pairs_per_part } else { left }.clamp(1, PAIRS);
        let stored = database.pairs_after(after, limit, MATCHES, true)?;
        let Some(last) = stored.last() else { break };
        after = last.id;
        let key_points = views.read_missing(database, &stored)?;
        views.make(database, key_points, threads);
        let mut rows = Vec::new();
        for row in &stored {
            match views.pair(database, row, 0) {
                Ok(pair) => rows.push((row.id, pair)),
                Err(error) => summary.failed.push(error),
            }
        }
        let batch = record_batch(database, &mut rows, &mut summary.failed)?;
        let mut new = match part.take() {
            Some(part) => part,
            None => {
                left = pairs_per_part.max(1);
                summary.parts += 1;
                NewPart::create(&partial.join(format!("part-{:05}.parquet", summary.parts - 1)), pairs_schema())?
            }
        };
        new.write(&batch)?;
        left = left.saturating_sub(stored.len());
        if left == 0 {
            new.finish()?;
        } else {
            part = Some(new);
        }
        summary.pairs += batch.num_rows() as u64;
        summary.stopped = watch(stored.len()).is_break();
    }
    if summary.stopped {
        return Ok(summary);
    }
    if let Some(part) = part {
        part.finish()?;
    }
    fs::rename(&partial, folder).map_err(|error| Error::file(folder, error))?;
    Ok(summary)
}

/// Makes the folder beside the one asked for; without the files that an export which was killed has left in it.
fn new_folder(folder: &Path) -> Result<std::path::PathBuf> {
    if folder.exists() {
        // rename replaces an empty folder alone
        let mut entries = fs::read_dir(folder).map_err(|error| Error::file(folder, error))?;
        if entries.next().is_some() {
            return Err(Error::file(folder, "expected a new folder or an empty one, but there is something in it"));
        }
    }
    let partial = folder.with_added_extension("partial");
    let make = || {
        fs::create_dir_all(&partial)?;
        for entry in fs::read_dir(&partial)? {
            let path = entry?.path();
            if is_part(&path) || path.extension().is_some_and(|end| end == "partial") {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    };
    make().map_err(|error: std::io::Error| Error::file(&partial, error))?;
    Ok(partial)
}

type Row<'a> = (i64, Pair<'a>);

fn record_batch(database: &Database, rows: &mut Vec<Row<'_>>, failed: &mut Vec<Error>) -> Result<RecordBatch> {
    // a match of a key point that is not there has no points to write
    rows.retain(|(id, pair)| match pair.check() {
        Ok(()) => true,
        Err(error) => {
            failed.push(database.row(format!("matches {id}"), error));
            false
        }
    });
    let ids: Vec<i64> = rows.iter().map(|(id, _)| *id).collect();
    let images = |side: usize| ids.iter().map(move |&id| images_of_pair(id)[side]);
    let integers =
        |side: usize| -> ArrayRef { Arc::new(images(side).map(|image| image as i32).collect::<Int32Array>()) };
    let mut columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(ids.clone())), integers(0), integers(1)];
    let build = || {
        for side in 0..2 {
            columns.push(cameras(database, images(side))?);
        }
        columns.extend((0..2).map(|side| points(rows, side)));
        columns.push(numbers(rows, |pair| Some(pair.ratios?.to_vec())));
        for shape in [View::scales_px, View::angles_deg] {
            columns.extend((0..2).map(|side| numbers(rows, |pair| shapes(pair, side, shape))));
        }
        RecordBatch::try_new(pairs_schema(), columns)
    };
    build().map_err(|error: ArrowError| database.row("matches".to_owned(), error))
}

fn cameras(database: &Database, images: impl Iterator<Item = u32>) -> std::result::Result<ArrayRef, ArrowError> {
    let (mut models, mut widths, mut heights, mut priors) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut parameters = ListBuilder::new(Float64Builder::new());
    let mut nulls = NullBufferBuilder::new(0);
    for image in images {
        let stored = database.images().get(&image).and_then(|image| database.cameras().get(&image.camera_id));
        let model = stored.and_then(|stored| stored.model.as_ref().ok());
        models.push(model.map_or(0, |model| model.id()));
        let [width, height] =
            stored.map_or([0; 2], |stored| stored.size_px).map(|side| i64::try_from(side).unwrap_or(0));
        widths.push(width);
        heights.push(height);
        parameters.append_value(model.map_or(&[][..], |model| model.parameters()).iter().map(|&number| Some(number)));
        priors.push(stored.is_some_and(|stored| stored.has_prior_focal_length));
        nulls.append(model.is_some());
    }
    let parts: Vec<ArrayRef> = vec![
        Arc::new(Int32Array::from(models)),
        Arc::new(Int64Array::from(widths)),
        Arc::new(Int64Array::from(heights)),
        Arc::new(parameters.finish()),
        Arc::new(BooleanArray::from(priors)),
    ];
    Ok(Arc::new(StructArray::try_new(camera_fields(), parts, nulls.finish())?))
}

/// The end of each match in one image.
fn points(rows: &[Row<'_>], side: usize) -> ArrayRef {
    let mut lists = ListBuilder::new(FixedSizeListBuilder::new(Float32Builder::new(), 2));
    for (_, pair) in rows {
        let points = pair.views[side].points_px();
        for matched in pair.matches {
            let point = points[matched[side] as usize].as_vec2();
            lists.values().values().append_slice(&point.to_array());
            lists.values().append(true);
        }
        lists.append(true);
    }
    Arc::new(lists.finish())
}

fn numbers<'a>(rows: &[Row<'a>], numbers: impl Fn(&Pair<'a>) -> Option<Vec<f32>>) -> ArrayRef {
    let mut lists = ListBuilder::new(Float32Builder::new());
    for (_, pair) in rows {
        lists.append_option(numbers(pair).map(|numbers| numbers.into_iter().map(Some)));
    }
    Arc::new(lists.finish())
}

/// A number of each matched key point of one image.
fn shapes<'a>(pair: &Pair<'a>, side: usize, shape: fn(&'a View) -> Option<&'a [f32]>) -> Option<Vec<f32>> {
    let shapes = shape(pair.views[side])?;
    Some(pair.matches.iter().map(|matched| shapes[matched[side] as usize]).collect())
}
