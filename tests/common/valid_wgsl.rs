//! Shaders that need no feature of a device.

use naga::Module;
use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};

/// The module of a text that is valid without any feature.
pub(crate) fn parse(name: &str, text: &str) -> (Module, ModuleInfo) {
    let fail = |error: String| -> ! { panic!("{name}: {error}") };
    let module = naga::front::wgsl::parse_str(text).unwrap_or_else(|error| fail(error.emit_to_string(text)));
    let validated = Validator::new(ValidationFlags::all(), Capabilities::empty()).validate(&module);
    let info = validated.unwrap_or_else(|error| fail(error.emit_to_string(text)));
    (module, info)
}
