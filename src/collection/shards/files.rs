//! Folders of Parquet files, and the files: read a batch at a time, and there under their names only when they are whole.

use crate::collection::contained::contained;
use crate::write_whole::put_in_place;
use crate::{Error, Result};
use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Rows that are read at a time, at most.
const BATCH_ROWS: usize = 1024;
/// Bytes that are read at a time, about.
const BATCH_BYTES: usize = 16 << 20;
/// A row group ends when it has about so many bytes.
const ROW_GROUP_BYTES: usize = 32 << 20;

/// The Parquet files of a folder, by name. Those with a dot or an underscore before their name are not meant to be read.
///
/// # Errors
/// [`Error::File`] when it cannot be read or has none.
pub(super) fn parts(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut parts = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| Error::file(folder, error))? {
        let path = entry.map_err(|error| Error::file(folder, error))?.path();
        if is_part(&path) {
            parts.push(path);
        }
    }
    if parts.is_empty() {
        return Err(Error::file(folder, "expected a folder of Parquet files, but there is none in it"));
    }
    parts.sort_unstable();
    Ok(parts)
}

pub(super) fn is_part(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    name.ends_with(".parquet") && !name.starts_with(['.', '_'])
}

/// A Parquet file, batch by batch.
pub(super) struct Part {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
    /// Rows before the next batch.
    pub(super) row: usize,
    pub(super) rows: usize,
}

impl Part {
    /// Opens some columns of a file, those of them that it has.
    ///
    /// # Errors
    /// [`Error::File`].
    pub(super) fn open(path: &Path, columns: &[&str]) -> Result<Self> {
        contained(path, || Self::read(path, columns))
    }

    fn read(path: &Path, columns: &[&str]) -> Result<Self> {
        let file = File::open(path).map_err(|error| Error::file(path, error))?;
        let wrong = |error| Error::file(path, format!("expected a Parquet file, but it cannot be read: {error}"));
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(wrong)?;
        let rows = builder.metadata().file_metadata().num_rows();
        let rows = usize::try_from(rows).map_err(|_| Error::file(path, format!("expected rows, but it has {rows}")))?;
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        let bytes: i64 = builder
            .metadata()
            .row_groups()
            .iter()
            .map(|group| group.total_byte_size().max(0))
            .fold(0, i64::saturating_add);
        let bytes_per_row = usize::try_from(bytes).unwrap_or(usize::MAX) / rows.max(1);
        let batch_rows = (BATCH_BYTES / bytes_per_row.max(1)).clamp(1, BATCH_ROWS);
        let reader = builder.with_projection(mask).with_batch_size(batch_rows).build().map_err(wrong)?;
        Ok(Self { path: path.to_owned(), reader, row: 0, rows })
    }

    /// The next rows; at the end `None`.
    pub(super) fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        let Some(batch) = contained(&self.path, || Ok(self.reader.next()))? else {
            if self.row == self.rows {
                return Ok(None);
            }
            let message = format!("expected {} rows, but it ends after {}", self.rows, self.row);
            return Err(Error::file(&self.path, message));
        };
        let row = self.row;
        let wrong = |error: ArrowError| Error::file(&self.path, format!("rows from {row} on cannot be read: {error}"));
        let batch = batch.map_err(wrong)?;
        self.row += batch.num_rows();
        Ok(Some(batch))
    }
}

/// A Parquet file that is being written, beside its place until it is whole.
pub(super) struct NewPart {
    path: PathBuf,
    partial: PathBuf,
    /// `None` when it was put in place.
    writer: Option<ArrowWriter<File>>,
}

impl NewPart {
    pub(super) fn create(path: &Path, schema: SchemaRef) -> Result<Self> {
        let partial = partial(path);
        let file = File::create_new(&partial).map_err(|error| Error::file(&partial, error))?;
        let mut part = Self { path: path.to_owned(), partial, writer: None };
        let zstd = Compression::ZSTD(ZstdLevel::default());
        let properties = WriterProperties::builder().set_compression(zstd).set_max_row_group_row_count(None).build();
        let writer = ArrowWriter::try_new(file, schema, Some(properties)).map_err(|error| Error::file(path, error))?;
        part.writer = Some(writer);
        Ok(part)
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let mut write = || {
            writer.write(batch)?;
            if writer.in_progress_size() >= ROW_GROUP_BYTES { writer.flush() } else { Ok(()) }
        };
        write().map_err(|error| Error::file(&self.path, error))
    }

    /// Has it on the disk, and puts it in place.
    pub(super) fn finish(mut self) -> Result<()> {
        let Some(writer) = self.writer.take() else { return Ok(()) };
        let file = writer.into_inner().map_err(|error| Error::file(&self.path, error));
        let placed = file.and_then(|file| {
            put_in_place(file, &self.partial, &self.path).map_err(|error| Error::file(&self.path, error))
        });
        // another process may have finished the same part and removed what this one wrote
        if placed.is_err() && self.path.exists() { Ok(()) } else { placed }
    }
}

impl Drop for NewPart {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.partial));
    }
}

/// A name for a part that is not whole: no two processes, on whichever machines, share one.
fn partial(path: &Path) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    path.with_file_name(format!(".{name}.{}-{now}.partial", std::process::id()))
}

/// Removes what killed processes left of a part that is whole now.
pub(super) fn remove_partials(path: &Path) {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let start = format!(".{name}.");
    let Some(entries) = path.parent().and_then(|folder| fs::read_dir(folder).ok()) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(&start) && name.ends_with(".partial") {
            drop(fs::remove_file(entry.path()));
        }
    }
}
