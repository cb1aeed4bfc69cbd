//! The estimator in a web page: on WebGPU, or on the CPU by WebAssembly's SIMD.
//!
//! `types.d.ts` says what the package has; each call checks what it is given and throws a `NablaRansacError`.
#![cfg(target_arch = "wasm32")]

mod cameras;
mod errors;
mod estimator;
mod fields;
mod matches_file;
mod options;
mod pipeline;
mod problem;
mod results;

use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("types.d.ts");

#[wasm_bindgen(start)]
fn start() {
    // what must not happen says where it did
    console_error_panic_hook::set_once();
}
