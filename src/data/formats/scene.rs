use super::array::Message;
use super::safetensors::TensorFile;
use super::{csv, npz};
use crate::data::{CameraSet, PairRecord};
use crate::geometry::ModelKind;
use crate::{Error, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// A file of one or many image pairs or queries. Pairs are decoded one by one when asked for.
#[derive(Debug)]
pub struct Scene {
    path: PathBuf,
    source: Source,
    cameras: CameraSet,
}

#[derive(Debug)]
enum Source {
    Many(TensorFile),
    One(Box<PairRecord>),
}

/// The formats, by the ending of the file's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `.safetensors`: any number of pairs.
    Safetensors,
    /// `.npz`: one pair.
    Npz,
    /// `.csv` or `.txt`: one pair.
    Csv,
}

impl Scene {
    /// Opens a file: `.safetensors`, `.npz` or `.csv`. The kind of model says what the columns of a CSV file are.
    ///
    /// # Errors
    /// [`Error::File`]: it cannot be read, or is not what its name says.
    pub fn open(path: &Path, kind: ModelKind, cameras: CameraSet) -> Result<Self> {
        let fail = |message| Error::File { path: path.display().to_string(), message };
        let format = Format::of(path).ok_or_else(|| {
            fail("expected a file that ends in .safetensors, .npz or .csv, but its name does not".to_owned())
        })?;
        let source = Source::parse(read_bytes(path)?, format, kind).map_err(fail)?;
        Ok(Self { path: path.to_owned(), source, cameras })
    }

    /// A file's content that is in memory already.
    ///
    /// # Errors
    /// [`Error::File`]: it is not of this format.
    pub fn from_bytes(bytes: Vec<u8>, format: Format, kind: ModelKind, cameras: CameraSet) -> Result<Self> {
        let path = PathBuf::from("bytes");
        let fail = |message| Error::File { path: "bytes".to_owned(), message };
        Ok(Self { path, source: Source::parse(bytes, format, kind).map_err(fail)?, cameras })
    }

    /// An error of this file.
    pub(crate) fn error(&self, message: String) -> Error {
        Error::File { path: self.path.display().to_string(), message }
    }

    /// The file's name without its folder and ending.
    pub fn name(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The unit of the world's points and positions, where the file names it (`units` in a safetensors file's metadata).
    pub fn unit(&self) -> Option<&str> {
        match &self.source {
            Source::Many(file) => file.unit(),
            Source::One(_) => None,
        }
    }

    /// The number of pairs.
    pub fn len(&self) -> usize {
        match &self.source {
            Source::Many(file) => file.ids().len(),
            Source::One(_) => 1,
        }
    }

    /// Whether it has no pair.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name of a pair; empty out of range.
    pub fn id(&self, index: usize) -> &str {
        match &self.source {
            Source::Many(file) => file.ids().get(index).map_or("", String::as_str),
            Source::One(record) => &record.id,
        }
    }

    /// Decodes one pair.
    ///
    /// # Errors
    /// [`Error::File`]: there is no such pair, or its arrays are not what they should be.
    pub fn pair(&self, index: usize) -> Result<PairRecord> {
        if index >= self.len() {
            return Err(self.error(format!("expected a pair below {}, but {index} was asked for", self.len())));
        }
        let mut record = match &self.source {
            Source::Many(file) => file.record(self.id(index)).map_err(|message| self.error(message))?,
            Source::One(record) => (**record).clone(),
        };
        self.cameras.put_into(&mut record);
        Ok(record)
    }

    /// The index of the pair of this name.
    ///
    /// # Errors
    /// [`Error::File`] when there is none.
    pub fn find(&self, id: &str) -> Result<usize> {
        (0..self.len()).find(|&index| self.id(index) == id).ok_or_else(|| {
            self.error(match self.len() {
                0 => format!("expected a pair {id:?}, but the file has none"),
                count => format!("expected a pair {:?} to {:?}, but got {id:?}", self.id(0), self.id(count - 1)),
            })
        })
    }
}

impl Source {
    fn parse(bytes: Vec<u8>, format: Format, kind: ModelKind) -> Message<Self> {
        Ok(match format {
            Format::Safetensors => Self::Many(TensorFile::parse(bytes)?),
            Format::Npz => Self::One(Box::new(npz::parse(&bytes)?)),
            Format::Csv => Self::One(Box::new(csv::parse(&bytes, kind)?)),
        })
    }
}

impl Format {
    /// The format that a file's name says.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "safetensors" => Some(Self::Safetensors),
            "npz" => Some(Self::Npz),
            "csv" | "txt" => Some(Self::Csv),
            _ => None,
        }
    }
}

/// A regular file's content: a device or a pipe could go on for ever.
pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>> {
    let fail = |message| Error::File { path: path.display().to_string(), message };
    let regular = fs::metadata(path).map_err(|error| fail(error.to_string()))?.is_file();
    if !regular {
        return Err(fail("expected a regular file, but it is not one".to_owned()));
    }
    fs::read(path).map_err(|error| fail(error.to_string()))
}
