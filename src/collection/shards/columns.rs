//! Columns of a record batch by name and type, and their cells.

use crate::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::types::ArrowPrimitiveType;
use arrow_array::{Array, ArrayRef, BooleanArray, PrimitiveArray, RecordBatch, StringArray};
use std::ops::Range;

/// A cell, or what is wrong with it.
pub(super) type Cell<T> = std::result::Result<T, String>;

/// Where a batch came from.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    /// The file, or what stands for it.
    pub(super) path: &'a str,
    /// The batch's first row in it.
    pub(super) first_row: usize,
}

impl Source<'_> {
    /// What is wrong with a row of the batch, or with all.
    pub(super) fn error(&self, row: Option<usize>, message: impl ToString) -> Error {
        let row = row.map_or_else(|| "all rows".to_owned(), |row| format!("row {}", self.first_row + row));
        Error::Row { path: self.path.to_owned(), row, message: message.to_string() }
    }
}

/// The columns of a batch.
#[derive(Clone, Copy)]
pub(super) struct Columns<'a> {
    pub(super) batch: &'a RecordBatch,
    pub(super) source: Source<'a>,
}

/// Entries in a column of lists, whichever of Arrow's kinds of list it is.
#[derive(Clone, Copy)]
pub(super) struct Lists<'a> {
    array: &'a dyn Array,
    pub(super) entries: &'a ArrayRef,
}

impl<'a> Columns<'a> {
    /// A column that there may be.
    pub(super) fn find(&self, name: &str) -> Option<&'a ArrayRef> {
        self.batch.column_by_name(name).filter(|array| array.logical_null_count() < array.len())
    }

    /// A column that there must be, without nulls.
    fn required(&self, name: &str) -> Result<&'a ArrayRef> {
        let array = self.batch.column_by_name(name);
        let array =
            array.ok_or_else(|| self.source.error(None, format!("expected a column {name}, but there is none")))?;
        match (0..array.len()).find(|&row| array.is_null(row)) {
            Some(row) => Err(self.source.error(Some(row), format!("{name}: expected a value, but it is null"))),
            None => Ok(array),
        }
    }

    pub(super) fn wrong_type(&self, name: &str, expected: &str, array: &dyn Array) -> Error {
        self.source.error(None, format!("{name}: expected {expected}, but its type is {}", array.data_type()))
    }

    pub(super) fn numbers<T: ArrowPrimitiveType>(&self, name: &str) -> Result<&'a PrimitiveArray<T>> {
        let array = self.required(name)?;
        array.as_primitive_opt().ok_or_else(|| self.wrong_type(name, &T::DATA_TYPE.to_string(), array))
    }

    pub(super) fn booleans(&self, name: &str) -> Result<&'a BooleanArray> {
        let array = self.required(name)?;
        array.as_boolean_opt().ok_or_else(|| self.wrong_type(name, "Boolean", array))
    }

    pub(super) fn optional_text(&self, name: &str) -> Result<Option<&'a StringArray>> {
        let Some(array) = self.find(name) else { return Ok(None) };
        array.as_string_opt().map(Some).ok_or_else(|| self.wrong_type(name, "Utf8", array))
    }

    /// Lists of numbers.
    pub(super) fn lists<T: ArrowPrimitiveType>(&self, name: &str) -> Result<Lists<'a>> {
        self.lists_in::<T>(name, self.required(name)?)
    }

    /// Lists of numbers in a column that there may be.
    pub(super) fn optional_lists<T: ArrowPrimitiveType>(&self, name: &str) -> Result<Option<Lists<'a>>> {
        self.find(name).map(|array| self.lists_in::<T>(name, array)).transpose()
    }

    fn lists_in<T: ArrowPrimitiveType>(&self, name: &str, array: &'a ArrayRef) -> Result<Lists<'a>> {
        let lists = Lists::of(array).filter(|lists| lists.entries.as_primitive_opt::<T>().is_some());
        lists.ok_or_else(|| self.wrong_type(name, &format!("lists of {}", T::DATA_TYPE), array))
    }

    /// Lists of lists of numbers.
    pub(super) fn nested_lists<T: ArrowPrimitiveType>(&self, name: &str) -> Result<[Lists<'a>; 2]> {
        let array = self.required(name)?;
        let lists = Lists::of(array).and_then(|outer| Some([outer, Lists::of(outer.entries)?]));
        let lists = lists.filter(|[_, inner]| inner.entries.as_primitive_opt::<T>().is_some());
        lists.ok_or_else(|| self.wrong_type(name, &format!("lists of lists of {}", T::DATA_TYPE), array))
    }
}

impl<'a> Lists<'a> {
    pub(super) fn of(array: &'a ArrayRef) -> Option<Self> {
        let entries = if let Some(lists) = array.as_list_opt::<i32>() {
            lists.values()
        } else if let Some(lists) = array.as_list_opt::<i64>() {
            lists.values()
        } else {
            array.as_fixed_size_list_opt()?.values()
        };
        Some(Self { array, entries })
    }

    /// Where a row's entries are.
    pub(super) fn range(&self, row: usize) -> Range<usize> {
        if let Some(lists) = self.array.as_list_opt::<i32>() {
            let offsets = lists.value_offsets();
            offsets[row] as usize..offsets[row + 1] as usize
        } else if let Some(lists) = self.array.as_list_opt::<i64>() {
            let offsets = lists.value_offsets();
            offsets[row] as usize..offsets[row + 1] as usize
        } else {
            let size = self.array.as_fixed_size_list_opt().map_or(0, |lists| lists.value_length() as usize);
            row * size..(row + 1) * size
        }
    }

    pub(super) fn is_null(&self, row: usize) -> bool {
        self.array.is_null(row)
    }

    /// The numbers of a row.
    pub(super) fn numbers<T: ArrowPrimitiveType>(&self, row: usize) -> Cell<&'a [T::Native]> {
        let range = self.range(row);
        numbers_in::<T>(self.entries, range)
    }
}

/// The numbers of some places, none of them null.
pub(super) fn numbers_in<T: ArrowPrimitiveType>(array: &ArrayRef, range: Range<usize>) -> Cell<&[T::Native]> {
    if array.null_count() > 0
        && let Some(at) = range.clone().find(|&at| array.is_null(at))
    {
        return Err(format!("expected numbers, but entry {} is null", at - range.start));
    }
    let values = array.as_primitive_opt::<T>().map(|array| array.values().as_ref());
    let values: &[T::Native] = values.ok_or_else(|| format!("expected lists of {}", T::DATA_TYPE))?;
    values.get(range).ok_or_else(|| "expected numbers, but its list is cut off".to_owned())
}
