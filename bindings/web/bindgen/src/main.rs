//! The JavaScript module and the types of a `.wasm` file that was compiled with wasm-bindgen: `bindgen FILE.wasm FOLDER`.

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let (file, folder) = arguments.next().zip(arguments.next()).context("expected a .wasm file and a folder")?;
    Bindgen::new().input_path(file).web(true)?.omit_default_module_path(false).typescript(true).generate(folder)
}
