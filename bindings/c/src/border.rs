//! What every call from C goes through: a status, a text where it failed, and no panic.

use nabla_ransac::Error;
use std::any::Any;
use std::cell::RefCell;
use std::ffi::{CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

/// What every function returns.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum nabla_status {
    /// Done. That matches give no model is no error.
    Ok = 0,
    /// An argument, an option or the matches are not what was expected.
    BadInput = 1,
    /// The estimator is none of those that are alive: it was freed, or never made.
    BadHandle = 2,
    /// No GPU, or one that failed or has too little memory.
    Device = 3,
    /// A fault of the library itself.
    Internal = 4,
}

/// Why a call failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: nabla_status,
    pub(crate) text: String,
}

pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    fn of_panic(payload: &(dyn Any + Send)) -> Self {
        let message = payload.downcast_ref::<&str>().copied().or(payload.downcast_ref::<String>().map(String::as_str));
        let text = format!("the library panicked: {}", message.unwrap_or("no message"));
        Self { status: nabla_status::Internal, text }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let status = match error {
            Error::NoAdapter { .. } | Error::Device(_) | Error::DeviceMemory(_) | Error::OutOfMemory { .. } => {
                nabla_status::Device
            }
            _ => nabla_status::BadInput,
        };
        Self { status, text: error.to_string() }
    }
}

pub(crate) fn bad_input(text: impl Into<String>) -> Failure {
    Failure { status: nabla_status::BadInput, text: text.into() }
}

/// The failure of an argument that must not be null.
pub(crate) fn null(name: &str) -> Failure {
    bad_input(format!("{name}: expected a pointer, but it is null"))
}

thread_local! {
    static LAST_ERROR: RefCell<CString> = RefCell::default();
}

/// Runs the body of a function that C calls.
pub(crate) fn border(body: impl FnOnce() -> Result<()>) -> nabla_status {
    // what a panic leaves half done is behind locks that take no harm from it
    let done = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| Err(Failure::of_panic(&*payload)));
    let Err(Failure { status, text }) = done else { return nabla_status::Ok };
    keep(&text);
    status
}

fn keep(text: &str) {
    let text = CString::new(text.replace('\0', " ")).unwrap_or_default();
    // a thread that ends has none any more
    let _ = LAST_ERROR.try_with(|last| last.replace(text));
}

/// What was expected and what came, of the last call on this thread that failed; empty before. One line for each problem of a batch that
/// failed. The text is the library's, and stays until a call on this thread fails again or the thread ends.
#[unsafe(no_mangle)]
pub extern "C" fn nabla_last_error() -> *const c_char {
    LAST_ERROR.try_with(|last| last.borrow().as_ptr()).unwrap_or(ptr::from_ref(&0))
}

/// The version of the library, as "0.1.0".
#[unsafe(no_mangle)]
pub extern "C" fn nabla_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CStr;

    fn last_error() -> String {
        // SAFETY: a string of this library's
        unsafe { CStr::from_ptr(nabla_last_error()) }.to_string_lossy().into_owned()
    }

    #[test]
    fn no_panic_crosses() {
        assert_eq!(border(|| panic!("of a {}", "test")), nabla_status::Internal);
        assert_eq!(last_error(), "the library panicked: of a test");
        assert_eq!(border(|| Err(bad_input("a\0b"))), nabla_status::BadInput);
        assert_eq!(last_error(), "a b");
        assert_eq!(border(|| Ok(())), nabla_status::Ok);
    }
}
