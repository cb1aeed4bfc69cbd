//! NumPy arrays, and what NumPy makes one of, as the library's points and numbers; and back.

use crate::errors::bad_input;
use glam::{DMat3, DVec2, DVec3};
use numpy::{PyArray1, PyArray2, PyArrayDyn, PyArrayMethods, PyReadonlyArrayDyn, PyUntypedArrayMethods};
use pyo3::prelude::*;

/// Points of so many coordinates, a row each.
pub(crate) fn points<const COLUMNS: usize>(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<[f64; COLUMNS]>> {
    let array = numbers(value, name, &format!("numbers of shape (n, {COLUMNS})"))?;
    let shape = array.shape();
    if array.is_empty() {
        return Ok(Vec::new());
    }
    if shape.len() != 2 || shape[1] != COLUMNS {
        return Err(bad_input(format!("{name}: expected shape (n, {COLUMNS}), but it is {}", shape_text(shape))));
    }
    let flat: Vec<f64> = flat(&array);
    Ok(flat.as_chunks::<COLUMNS>().0.to_vec())
}

pub(crate) fn points2(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<DVec2>> {
    Ok(points::<2>(value, name)?.into_iter().map(DVec2::from_array).collect())
}

pub(crate) fn points3(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<DVec3>> {
    Ok(points::<3>(value, name)?.into_iter().map(DVec3::from_array).collect())
}

/// A number a match.
pub(crate) fn column(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Vec<f32>> {
    let array = numbers(value, name, "numbers of shape (n,)")?;
    let shape = array.shape();
    // a column of shape (n, 1) is as clear
    if shape.iter().filter(|&&side| side != 1).count() > 1 {
        return Err(bad_input(format!("{name}: expected shape (n,), but it is {}", shape_text(shape))));
    }
    Ok(flat(&array).into_iter().map(|number| number as f32).collect())
}

/// All numbers, with their shape.
pub(crate) fn numbers_of_any_shape(
    value: &Bound<'_, PyAny>,
    name: &str,
    expected: &str,
) -> PyResult<(Vec<usize>, Vec<f64>)> {
    let array = numbers(value, name, expected)?;
    Ok((array.shape().to_vec(), flat(&array)))
}

pub(crate) fn shape_text(shape: &[usize]) -> String {
    let sides: Vec<String> = shape.iter().map(ToString::to_string).collect();
    let comma = if shape.len() == 1 { "," } else { "" };
    format!("({}{comma})", sides.join(", "))
}

fn numbers<'py>(value: &Bound<'py, PyAny>, name: &str, expected: &str) -> PyResult<PyReadonlyArrayDyn<'py, f64>> {
    let py = value.py();
    let wrong = |error: PyErr| bad_input(format!("{name}: expected {expected}, but numpy says: {}", error.value(py)));
    let readonly = |array: &Bound<'py, PyArrayDyn<f64>>| array.try_readonly().map_err(|error| wrong(error.into()));
    if let Ok(array) = value.cast::<PyArrayDyn<f64>>()
        && array.is_c_contiguous()
        && array.data().is_aligned()
    {
        return readonly(array);
    }
    // in row order and aligned, by a copy where it is not
    let made = py.import("numpy")?.call_method1("require", (value, "float64", "CA")).map_err(wrong)?;
    readonly(made.cast::<PyArrayDyn<f64>>().map_err(|error| wrong(error.into()))?)
}

/// In row order.
fn flat(array: &PyReadonlyArrayDyn<'_, f64>) -> Vec<f64> {
    array.as_slice().map_or_else(|_| array.as_array().iter().copied().collect(), <[f64]>::to_vec)
}

pub(crate) fn matrix_to_numpy<'py>(py: Python<'py>, matrix: &DMat3) -> PyResult<Bound<'py, PyArray2<f64>>> {
    PyArray1::from_slice(py, &matrix.transpose().to_cols_array()).reshape([3, 3])
}

pub(crate) fn vector_to_numpy<'py>(py: Python<'py>, vector: DVec3) -> Bound<'py, PyArray1<f64>> {
    PyArray1::from_slice(py, &vector.to_array())
}
