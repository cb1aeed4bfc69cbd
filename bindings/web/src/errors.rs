//! The library's errors as errors of the page, with a name that tells whose fault it is.

use js_sys::{Error as JsError, Reflect};
use nabla_ransac::Error;
use wasm_bindgen::JsValue;

pub(crate) type Result<T> = std::result::Result<T, JsValue>;

/// The error of a call, to be thrown.
pub(crate) fn thrown(error: Error) -> JsValue {
    let name = match error {
        Error::NoAdapter { .. } | Error::Device(_) | Error::DeviceMemory(_) | Error::OutOfMemory { .. } => {
            "DeviceError"
        }
        Error::File { .. } | Error::Weights { .. } => "FileError",
        _ => "BadInput",
    };
    named(name, &error.to_string())
}

pub(crate) fn bad_input(message: &str) -> JsValue {
    named("BadInput", message)
}

fn named(name: &str, message: &str) -> JsValue {
    let error = JsError::new(&camel(message));
    error.set_name(name);
    error.into()
}

/// The same error, which says of which problem it is.
pub(crate) fn placed(error: &JsValue, place: usize) -> JsValue {
    let text =
        |key: &str| Reflect::get(error, &key.into()).ok().and_then(|value| value.as_string()).unwrap_or_default();
    named(&text("name"), &format!("problem {place}: {}", text("message")))
}

/// `threshold_px` as `thresholdPx`, wherever such names are in a text.
pub(crate) fn camel(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let is_inside = out.ends_with(|before: char| before.is_ascii_alphanumeric());
        match letters.peek() {
            Some(next) if letter == '_' && is_inside && next.is_ascii_lowercase() => {
                out.push(next.to_ascii_uppercase());
                letters.next();
            }
            _ => out.push(letter),
        }
    }
    out
}
