//! The properties of an object that a call is given.

use crate::errors::{Result, bad_input, camel};
use js_sys::{Array, ArrayBuffer, Float32Array, Float64Array, Object, Reflect};
use serde::de::DeserializeOwned;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};
use wasm_bindgen::{JsCast, JsValue};

/// Properties by name, each taken once. One that is `undefined` or `null` counts as not given.
pub(crate) struct Fields<'a> {
    of: &'a JsValue,
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// Those of an object, or none where there is no object.
    pub(crate) fn new(of: &'a JsValue, what: &str) -> Result<Self> {
        if of.is_undefined() || of.is_object() {
            return Ok(Self { of, known: Vec::new() });
        }
        Err(bad_input(&format!("{what}: expected an object, but got {}", described(of))))
    }

    pub(crate) fn take(&mut self, name: &'static str) -> Option<JsValue> {
        self.known.push(name);
        let value = self.of.is_object().then(|| Reflect::get(self.of, &name.into()).ok()).flatten();
        value.filter(|value| !value.is_undefined() && !value.is_null())
    }

    /// A number.
    pub(crate) fn number(&mut self, name: &'static str) -> Result<Option<f64>> {
        let number = |value: JsValue| value.as_f64().ok_or_else(|| expected(name, "a number", &value));
        self.take(name).map(number).transpose()
    }

    /// A whole number from 0 on, as far as a number of the page is exact.
    pub(crate) fn seed(&mut self, name: &'static str) -> Result<Option<u64>> {
        self.whole_below(name, 9_007_199_254_740_992.0).map(|number| number.map(|number| number as u64))
    }

    /// A whole number from 0 on.
    pub(crate) fn whole(&mut self, name: &'static str) -> Result<Option<u32>> {
        self.whole_below(name, 4_294_967_296.0).map(|number| number.map(|number| number as u32))
    }

    fn whole_below(&mut self, name: &'static str, end: f64) -> Result<Option<f64>> {
        let number = self.number(name)?;
        match number.filter(|number| number.fract() != 0.0 || !(0.0..end).contains(number)) {
            Some(found) => {
                Err(bad_input(&format!("{name}: expected a whole number from 0 to {}, but got {found}", end - 1.0)))
            }
            None => Ok(number),
        }
    }

    /// True or false.
    pub(crate) fn flag(&mut self, name: &'static str) -> Result<Option<bool>> {
        let flag = |value: JsValue| value.as_bool().ok_or_else(|| expected(name, "true or false", &value));
        self.take(name).map(flag).transpose()
    }

    /// Puts what is taken in its place, where it is given.
    pub(crate) fn set<T>(
        &mut self,
        name: &'static str,
        place: &mut T,
        take: impl FnOnce(&mut Self, &'static str) -> Result<Option<T>>,
    ) -> Result<()> {
        if let Some(value) = take(self, name)? {
            *place = value;
        }
        Ok(())
    }

    /// [`numbers`].
    pub(crate) fn numbers(&mut self, name: &'static str) -> Result<Option<Vec<f64>>> {
        self.take(name).map(|value| numbers(name, &value)).transpose()
    }

    /// [`Self::numbers`] in single precision, as the library has what is known of each match.
    pub(crate) fn floats(&mut self, name: &'static str) -> Result<Option<Vec<f32>>> {
        let floats = |value: JsValue| match value.dyn_ref::<Float32Array>() {
            Some(array) => Ok(array.to_vec()),
            None => Ok(numbers(name, &value)?.into_iter().map(|number| number as f32).collect()),
        };
        self.take(name).map(floats).transpose()
    }

    /// One of several names.
    pub(crate) fn named<T: DeserializeOwned>(&mut self, name: &'static str) -> Result<Option<T>> {
        let named = |value: JsValue| by_name(name, &value);
        self.take(name).map(named).transpose()
    }

    /// That there is no other property.
    pub(crate) fn finish(self) -> Result<()> {
        let Some(object) = self.of.dyn_ref::<Object>() else { return Ok(()) };
        let mut names = Object::keys(object).into_iter().filter_map(|name| name.as_string());
        match names.find(|name| !self.known.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => Err(bad_input(&format!("{name}: expected some of {}", self.known.join(", ")))),
        }
    }
}

/// One of several names.
pub(crate) fn by_name<T: DeserializeOwned>(what: &str, value: &JsValue) -> Result<T> {
    let name = value.as_string().ok_or_else(|| expected(what, "a name", value))?;
    let name: StrDeserializer<'_, Error> = name.as_str().into_deserializer();
    T::deserialize(name).map_err(|error| bad_input(&format!("{what}: {}", camel(&error.to_string()))))
}

/// A typed array, or an array of numbers.
pub(crate) fn numbers(name: &str, value: &JsValue) -> Result<Vec<f64>> {
    if ArrayBuffer::is_view(value) && !value.is_instance_of::<js_sys::DataView>() {
        return Ok(Float64Array::new(value).to_vec());
    }
    let expected = || expected(name, "a typed array or an array of numbers", value);
    let array = value.dyn_ref::<Array>().ok_or_else(expected)?;
    array.iter().map(|entry| entry.as_f64()).collect::<Option<_>>().ok_or_else(expected)
}

pub(crate) fn expected(name: &str, what: &str, found: &JsValue) -> JsValue {
    bad_input(&format!("{name}: expected {what}, but got {}", described(found)))
}

/// What a value is, in a word or two.
fn described(value: &JsValue) -> String {
    match value.dyn_ref::<Array>() {
        Some(_) => "an array with other things in it".to_owned(),
        None if value.is_object() => String::from(value.unchecked_ref::<Object>().constructor().name()),
        None => format!("{value:?}").trim_start_matches("JsValue(").trim_end_matches(')').to_owned(),
    }
}
