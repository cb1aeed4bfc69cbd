//! Writes every shader of a folder in SPIR-V, MSL and HLSL, as wgpu does on Vulkan, Metal and DirectX 12, and says which cannot be
//! written. The shaders are those of `cargo run --example shader_texts -- FOLDER`.

mod hlsl;
mod metal;
mod shader;
mod vulkan;

use shader::Shader;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// A target's name, and what becomes of a shader there.
type Target = (&'static str, fn(&Shader) -> Result<(), String>);

const TARGETS: [Target; 4] = [
    ("SPIR-V 1.3", vulkan::write),
    ("MSL 2.0", metal::write),
    ("HLSL 5.1", hlsl::write_5_1),
    ("HLSL 6.0", hlsl::write_6_0),
];

fn main() -> ExitCode {
    let done = match std::env::args_os().nth(1) {
        Some(folder) => write_all(Path::new(&folder)),
        None => Err("expected the folder that `cargo run --example shader_texts -- FOLDER` has written".to_owned()),
    };
    let (line, code) = match done {
        Ok(line) => (line, ExitCode::SUCCESS),
        Err(line) => (format!("error: {line}"), ExitCode::FAILURE),
    };
    // nobody is left to be told
    drop(writeln!(io::stdout(), "{line}"));
    code
}

/// How many were written, or what could not be.
fn write_all(folder: &Path) -> Result<String, String> {
    let paths = shaders_of(folder)?;
    let faults: Vec<_> = paths.iter().flat_map(|path| faults_of(path)).collect();
    if faults.is_empty() {
        let targets = TARGETS.map(|(name, _)| name).join(", ");
        return Ok(format!("{} shaders written in each of {targets}", paths.len()));
    }
    Err(faults.join("\n"))
}

fn shaders_of(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let name = folder.display();
    let entries = folder.read_dir().map_err(|error| format!("{name}: {error}"))?;
    let paths = entries.flatten().map(|entry| entry.path());
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|ending| ending == "wgsl")).collect();
    paths.sort();
    if paths.is_empty() { Err(format!("{name}: expected .wgsl files, but there is none")) } else { Ok(paths) }
}

fn faults_of(path: &Path) -> Vec<String> {
    let name = path.file_name().unwrap_or_default().display();
    match Shader::read(path) {
        Ok(shader) => {
            let fault = |(target, write): Target| Some(format!("{name}, {target}: {}", write(&shader).err()?));
            TARGETS.into_iter().filter_map(fault).collect()
        }
        Err(error) => vec![format!("{name}: {error}")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<&'static str> {
        let shader = Shader::parse(text).unwrap_or_else(|error| panic!("{error}"));
        TARGETS.into_iter().filter_map(|(name, write)| write(&shader).is_err().then_some(name)).collect()
    }

    const MAIN: &str = "@group(0) @binding(0) var<storage, read_write> x: array<u32>;
        @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) { x[id.x] = arrayLength(&x); }";

    #[test]
    fn a_plain_shader_can_be_written() {
        assert!(faults(MAIN).is_empty());
    }

    #[test]
    fn an_entry_point_of_another_name_cannot() {
        assert_eq!(faults(&MAIN.replace("main", "other")), TARGETS.map(|(name, _)| name));
    }

    #[test]
    fn what_is_no_wgsl_or_needs_a_feature_is_refused() {
        assert!(Shader::parse("fn").is_err());
        assert!(Shader::parse("enable f16; var<private> x: f16;").is_err());
    }
}
