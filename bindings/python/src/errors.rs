//! The library's errors as exceptions of the types that the package names.

use nabla_ransac::Error;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

static BAD_INPUT: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static FILE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static DEVICE: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// The exception of an error, to be raised.
pub(crate) fn raise(error: Error) -> PyErr {
    match error {
        Error::NoAdapter { .. } | Error::Device(_) | Error::DeviceMemory(_) | Error::OutOfMemory { .. } => {
            named(&DEVICE, "DeviceError", error.to_string())
        }
        Error::File { .. } | Error::Weights { .. } | Error::Row { .. } => named(&FILE, "FileError", error.to_string()),
        _ => bad_input(error.to_string()),
    }
}

/// The exception of an error in a record batch, whose rows are input and in no file.
pub(crate) fn raise_of_batch(error: Error) -> PyErr {
    match error {
        Error::Row { .. } => bad_input(error.to_string()),
        error => raise(error),
    }
}

pub(crate) fn bad_input(message: String) -> PyErr {
    named(&BAD_INPUT, "BadInput", message)
}

fn named(cell: &'static PyOnceLock<Py<PyType>>, name: &str, message: String) -> PyErr {
    Python::attach(|py| match cell.import(py, "nabla_ransac._errors", name) {
        Ok(kind) => PyErr::from_type(kind.clone(), message),
        Err(error) => error,
    })
}
