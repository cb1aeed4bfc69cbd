//! Numeric arrays of any element type and shape, as both safetensors and NPY files hold them.

use half::{bf16, f16};

/// What is wrong, without the file's name; the caller adds that.
pub(crate) type Message<T> = Result<T, String>;

/// Element types that are read; all become f64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    F16,
    Bf16,
    F32,
    F64,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
}

/// A named array.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Array {
    pub(crate) shape: Vec<usize>,
    /// Row-major.
    pub(crate) values: Vec<f64>,
}

/// A collection of named arrays: one image pair's.
pub(crate) trait Arrays {
    /// The array of this name, or `None` where there is none.
    fn array(&self, name: &str) -> Message<Option<Array>>;
}

impl Element {
    /// Bytes of one.
    pub(crate) const fn size(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::F16 | Self::Bf16 | Self::I16 | Self::U16 => 2,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F64 | Self::I64 | Self::U64 => 8,
        }
    }

    /// The numbers in little-endian bytes.
    pub(crate) fn decode(self, bytes: &[u8]) -> Vec<f64> {
        match self {
            Self::F16 => each(bytes, |b| f16::from_le_bytes(b).to_f64()),
            Self::Bf16 => each(bytes, |b| bf16::from_le_bytes(b).to_f64()),
            Self::F32 => each(bytes, |b| f32::from_le_bytes(b).into()),
            Self::F64 => each(bytes, f64::from_le_bytes),
            Self::I8 => each(bytes, |b| i8::from_le_bytes(b).into()),
            Self::I16 => each(bytes, |b| i16::from_le_bytes(b).into()),
            Self::I32 => each(bytes, |b| i32::from_le_bytes(b).into()),
            Self::I64 => each(bytes, |b| i64::from_le_bytes(b) as f64),
            Self::U8 => each(bytes, |b| u8::from_le_bytes(b).into()),
            Self::U16 => each(bytes, |b| u16::from_le_bytes(b).into()),
            Self::U32 => each(bytes, |b| u32::from_le_bytes(b).into()),
            Self::U64 => each(bytes, |b| u64::from_le_bytes(b) as f64),
        }
    }
}

/// Whether at most one dimension is other than 1.
fn is_list(shape: &[usize]) -> bool {
    shape.iter().filter(|&&size| size != 1).count() <= 1
}

fn each<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> f64) -> Vec<f64> {
    bytes.as_chunks::<N>().0.iter().map(|&chunk| number(chunk)).collect()
}

impl Array {
    /// Rows of `N` numbers: a shape of (n, N), with any dimensions of 1 before `N`.
    pub(crate) fn rows<const N: usize>(&self, name: &str) -> Message<Vec<[f64; N]>> {
        match self.shape.as_slice() {
            [rows @ .., columns] if *columns == N && !rows.is_empty() && is_list(rows) => {
                Ok(self.values.as_chunks::<N>().0.to_vec())
            }
            shape => Err(format!("array {name}: expected shape (n, {N}), but it is {shape:?}")),
        }
    }

    /// A list: a shape with at most one dimension other than 1.
    pub(crate) fn list(self, name: &str) -> Message<Vec<f64>> {
        if !is_list(&self.shape) {
            return Err(format!("array {name}: expected shape (n), but it is {:?}", self.shape));
        }
        Ok(self.values)
    }

    /// A list of exactly `N` numbers.
    pub(crate) fn exactly<const N: usize>(self, name: &str) -> Message<[f64; N]> {
        let shape = self.shape;
        let wrong = |_| format!("array {name}: expected {N} numbers, but its shape is {shape:?}");
        self.values.try_into().map_err(wrong)
    }
}
