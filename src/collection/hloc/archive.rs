//! An HDF5 file as hloc needs it: arrays of numbers by their path.

use crate::{Error, Result};
use half::f16;
use hdf5_pure::{Dataset, Datatype, DatatypeByteOrder, File, FileAccessProperties, FormatError, MetadataCacheConfig};
use std::path::{Path, PathBuf};

/// An array may not take more: a few bytes of file can claim terabytes.
const MAX_ARRAY_BYTES: u64 = 1 << 28;
/// What is kept of the tables of groups, so that each pair need not read them again.
const CACHE_BYTES: usize = 1 << 24;
/// What is read, or what is wrong with it.
pub(super) type Message<T> = std::result::Result<T, String>;

pub(super) struct Archive {
    path: PathBuf,
    file: File,
}

/// An array of numbers; no index or pixel is too large for an f64.
pub(super) struct Array {
    pub(super) shape: Vec<u64>,
    pub(super) values: Vec<f64>,
    /// Whole numbers of so many bytes; `None` for floats.
    pub(super) integer_bytes: Option<usize>,
}

impl Archive {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let cached = FileAccessProperties::new().with_metadata_cache(MetadataCacheConfig::new(CACHE_BYTES));
        let file = File::open_streaming_with_options(path, cached)
            .map_err(|error| Error::file(path, format!("expected an HDF5 file, but it cannot be opened: {error}")))?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// The error of a pair, as far as this file is concerned.
    pub(super) fn error(&self, [name1, name2]: &[String; 2], message: String) -> Error {
        Error::Row { path: self.path.display().to_string(), row: format!("pair {name1} {name2}"), message }
    }

    /// The array at a path; `None` where there is nothing.
    pub(super) fn array(&self, place: &str) -> Message<Option<Array>> {
        match self.file.dataset(place) {
            Ok(dataset) => decode(&dataset).map(Some).map_err(|message| format!("{place}: {message}")),
            Err(hdf5_pure::Error::Format(FormatError::PathNotFound(_))) => Ok(None),
            Err(error) => Err(format!("{place}: it cannot be opened: {error}")),
        }
    }
}

fn decode(dataset: &Dataset) -> Message<Array> {
    let shape = dataset.shape().map_err(|error| format!("its shape cannot be read: {error}"))?;
    let datatype = dataset.datatype().map_err(|error| format!("its type cannot be read: {error}"))?;
    let number = Number::of(&datatype)?;
    let size = shape.iter().try_fold(number.bytes() as u64, |product, &count| product.checked_mul(count));
    let size = size.filter(|&size| size <= MAX_ARRAY_BYTES);
    let size = size.ok_or_else(|| format!("expected at most {MAX_ARRAY_BYTES} bytes, but its shape is {shape:?}"))?;
    // not by the crate's readers of numbers: they give none for an array of f16
    let raw = dataset.read_raw().map_err(|error| format!("it cannot be read: {error}"))?;
    if raw.len() as u64 != size {
        return Err(format!("expected {size} bytes of an array {shape:?}, but there are {}", raw.len()));
    }
    Ok(Array { shape, values: number.decode(&raw), integer_bytes: number.integer_bytes() })
}

/// How a number is stored.
#[derive(Clone, Copy)]
struct Number {
    kind: Kind,
    big_endian: bool,
}

#[derive(Clone, Copy)]
enum Kind {
    Float(usize),
    Signed(usize),
    Unsigned(usize),
}

impl Number {
    fn of(datatype: &Datatype) -> Message<Self> {
        let (kind, byte_order) = match datatype {
            Datatype::FloatingPoint { size, byte_order, layout } => match (size, layout.exponent_size) {
                (2, 5) | (4, 8) | (8, 11) => (Kind::Float(*size as usize), byte_order),
                _ => return Err(format!("expected IEEE floats, but they are of {size} bytes, {layout:?}")),
            },
            Datatype::FixedPoint { size: size @ (1 | 2 | 4 | 8), byte_order, layout }
                if layout.bit_offset == 0 && u32::from(layout.bit_precision) == 8 * size =>
            {
                let size = *size as usize;
                (if layout.signed { Kind::Signed(size) } else { Kind::Unsigned(size) }, byte_order)
            }
            _ => return Err("expected whole numbers or floats, but its type is another".to_owned()),
        };
        match byte_order {
            DatatypeByteOrder::LittleEndian => Ok(Self { kind, big_endian: false }),
            DatatypeByteOrder::BigEndian => Ok(Self { kind, big_endian: true }),
            DatatypeByteOrder::Vax => Err("expected numbers with the bytes in order, but they are a VAX's".to_owned()),
        }
    }

    const fn bytes(self) -> usize {
        match self.kind {
            Kind::Float(size) | Kind::Signed(size) | Kind::Unsigned(size) => size,
        }
    }

    const fn integer_bytes(self) -> Option<usize> {
        match self.kind {
            Kind::Float(_) => None,
            Kind::Signed(size) | Kind::Unsigned(size) => Some(size),
        }
    }

    fn decode(self, raw: &[u8]) -> Vec<f64> {
        raw.chunks_exact(self.bytes()).map(|bytes| self.value(bytes)).collect()
    }

    fn value(self, bytes: &[u8]) -> f64 {
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        if self.big_endian {
            word[..bytes.len()].reverse();
        }
        let bits = u64::from_le_bytes(word);
        match self.kind {
            Kind::Float(2) => f16::from_bits(bits as u16).to_f64(),
            Kind::Float(4) => f64::from(f32::from_bits(bits as u32)),
            Kind::Float(_) => f64::from_bits(bits),
            Kind::Signed(size) => {
                let unused = 64 - 8 * size as u32;
                ((bits << unused) as i64 >> unused) as f64
            }
            Kind::Unsigned(_) => bits as f64,
        }
    }
}
