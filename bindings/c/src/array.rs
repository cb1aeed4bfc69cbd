//! Numbers in the caller's memory.

use crate::border::{Result, bad_input, null};
use nabla_ransac::Error;
use std::ffi::c_void;

/// The type of the numbers of a nabla_array.
#[repr(C)]
pub enum nabla_scalar {
    /// double
    Float64 = 0,
    /// float
    Float32 = 1,
}

/// Rows of numbers in the caller's memory: points of 2 or 3 coordinates, or one number a row. All zero, none are given.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct nabla_array {
    /// The first number of the first row; those of a row lie side by side.
    pub data: *const c_void,
    /// How many rows.
    pub count: usize,
    /// Bytes from one row to the next; 0 where each follows the one before.
    pub stride_bytes: usize,
    /// The type of the numbers: a nabla_scalar.
    pub scalar: i32,
}

impl nabla_array {
    pub(crate) const NONE: Self =
        Self { data: std::ptr::null(), count: 0, stride_bytes: 0, scalar: nabla_scalar::Float64 as i32 };

    pub(crate) const fn is_given(&self) -> bool {
        !self.data.is_null() || self.count > 0
    }

    /// That there is a row a match.
    pub(crate) fn check_count(&self, what: &'static str, expected: usize) -> Result<()> {
        if self.count == expected {
            return Ok(());
        }
        Err(Error::LengthMismatch { what, expected, found: self.count }.into())
    }

    /// Rows of so many numbers.
    ///
    /// # Safety
    /// The data are null or as many rows that may be read.
    pub(crate) unsafe fn rows<const COLUMNS: usize>(&self, name: &str) -> Result<Vec<[f64; COLUMNS]>> {
        const FLOAT64: i32 = nabla_scalar::Float64 as i32;
        const FLOAT32: i32 = nabla_scalar::Float32 as i32;
        match self.scalar {
            // SAFETY: the caller says so
            FLOAT64 => unsafe { self.rows_of::<f64, COLUMNS>(name) },
            // SAFETY: the caller says so
            FLOAT32 => unsafe { self.rows_of::<f32, COLUMNS>(name) },
            other => {
                let expected = format!("{FLOAT64} (double) or {FLOAT32} (float)");
                Err(bad_input(format!("{name}: expected the scalar {expected}, but it is {other}")))
            }
        }
    }

    /// One number a row.
    ///
    /// # Safety
    /// As [`Self::rows`].
    pub(crate) unsafe fn column(&self, name: &str) -> Result<Vec<f32>> {
        // SAFETY: the caller says so
        let rows = unsafe { self.rows::<1>(name) }?;
        Ok(rows.into_iter().map(|[number]| number as f32).collect())
    }

    unsafe fn rows_of<T: Copy + Into<f64>, const COLUMNS: usize>(&self, name: &str) -> Result<Vec<[f64; COLUMNS]>> {
        let stride = self.stride_of_rows(size_of::<[T; COLUMNS]>(), name)?;
        let mut rows = Vec::new();
        if rows.try_reserve_exact(self.count).is_err() {
            return Err(bad_input(format!(
                "{name}: expected as many as fit in memory, but the count is {}",
                self.count
            )));
        }
        rows.extend((0..self.count).map(|row| {
            // SAFETY: within the caller's memory, whose size fits in isize
            let numbers = unsafe { self.data.byte_add(row * stride).cast::<[T; COLUMNS]>().read_unaligned() };
            numbers.map(Into::into)
        }));
        Ok(rows)
    }

    /// The bytes from row to row, checked with all that is asked of the rows.
    fn stride_of_rows(&self, row_bytes: usize, name: &str) -> Result<usize> {
        let stride = if self.stride_bytes == 0 { row_bytes } else { self.stride_bytes };
        if stride < row_bytes {
            let expected = format!("0 or at least {row_bytes}");
            return Err(bad_input(format!("{name}: expected a stride_bytes of {expected}, but it is {stride}")));
        }
        if self.count > 0 && self.data.is_null() {
            return Err(null(name));
        }
        if self.count.checked_mul(stride).is_none_or(|bytes| bytes > isize::MAX.unsigned_abs()) {
            return Err(bad_input(format!(
                "{name}: expected as many as fit in memory, but the count is {}",
                self.count
            )));
        }
        Ok(stride)
    }
}
