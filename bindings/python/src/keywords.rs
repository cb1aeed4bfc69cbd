//! Keyword arguments that many functions share.

use crate::errors::bad_input;
use pyo3::conversion::FromPyObjectOwned;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping};
use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};

/// Arguments by name, each taken once. One that is `None` counts as not given.
pub(crate) struct Keywords<'py> {
    left: Bound<'py, PyDict>,
    known: Vec<&'static str>,
}

impl<'py> Keywords<'py> {
    /// Those of a call.
    pub(crate) fn new(py: Python<'py>, given: Option<&Bound<'py, PyDict>>) -> PyResult<Self> {
        let left = given.map_or_else(|| Ok(PyDict::new(py)), |given| given.copy())?;
        Ok(Self { left, known: Vec::new() })
    }

    /// The entries of a mapping.
    pub(crate) fn of_mapping(mapping: &Bound<'py, PyMapping>) -> PyResult<Self> {
        let left = PyDict::new(mapping.py());
        left.update(mapping)?;
        Ok(Self { left, known: Vec::new() })
    }

    pub(crate) fn take_any(&mut self, name: &'static str) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.known.push(name);
        let Some(value) = self.left.get_item(name)? else { return Ok(None) };
        self.left.del_item(name)?;
        Ok(Some(value).filter(|value| !value.is_none()))
    }

    pub(crate) fn take<T: FromPyObjectOwned<'py>>(&mut self, name: &'static str) -> PyResult<Option<T>> {
        let Some(value) = self.take_any(name)? else { return Ok(None) };
        let wrong = |error: PyErr| bad_input(format!("{name}: {}", error.value(value.py())));
        value.extract::<T>().map(Some).map_err(|error| wrong(error.into()))
    }

    /// Puts the value in its place, where it is given.
    pub(crate) fn set<T: FromPyObjectOwned<'py>>(&mut self, name: &'static str, place: &mut T) -> PyResult<()> {
        if let Some(value) = self.take(name)? {
            *place = value;
        }
        Ok(())
    }

    /// [`Self::set`] of one of several names.
    pub(crate) fn set_named<T: DeserializeOwned>(&mut self, name: &'static str, place: &mut T) -> PyResult<()> {
        if let Some(value) = self.take::<String>(name)? {
            *place = by_name(name, &value)?;
        }
        Ok(())
    }

    /// That nothing is left.
    pub(crate) fn finish(self) -> PyResult<()> {
        let Some(name) = self.left.keys().iter().next() else { return Ok(()) };
        let known = self.known.join(", ");
        Err(PyTypeError::new_err(format!("unexpected keyword argument {}; expected some of {known}", name.repr()?)))
    }
}

/// One of several names.
pub(crate) fn by_name<T: DeserializeOwned>(argument: &str, value: &str) -> PyResult<T> {
    let value: StrDeserializer<'_, Error> = value.into_deserializer();
    T::deserialize(value).map_err(|error| bad_input(format!("{argument}: {error}")))
}
