//! How far the GPU is from the CPU: stage by stage over random inputs, and over all pairs of the files given.
//!
//! `cargo run --release --example agreement -- --scenes 20 --samples 20000 --pairs 100 --list [file of image pairs or queries]…`
//!
//! `--pairs` takes so many pairs, evenly spread, and `--list` prints a line for each that differs. Differences of models are radians,
//! or relative to the model.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    reason = "prints tables; shares code with the tests"
)]

#[path = "agreement/compared.rs"]
mod compared;
#[path = "../tests/common/minimal.rs"]
mod minimal;
#[path = "agreement/pairs.rs"]
mod pairs;
#[path = "../tests/common/round.rs"]
mod round;
#[path = "../tests/common/scenes.rs"]
mod scenes;
#[path = "agreement/stages.rs"]
mod stages;

use nabla_ransac::gpu::Context;
use std::path::PathBuf;

struct Arguments {
    scenes: u64,
    samples: usize,
    pairs: usize,
    list: bool,
    files: Vec<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let arguments = arguments()?;
    let context = Context::request_blocking(true)?;
    println!("{}", context.name());
    if arguments.scenes > 0 {
        println!();
        stages::compare(&context, arguments.scenes, arguments.samples)?;
    }
    pairs::compare(&context, &arguments.files, arguments.pairs, arguments.list)
}

fn arguments() -> anyhow::Result<Arguments> {
    let mut arguments = Arguments { scenes: 2, samples: 2000, pairs: usize::MAX, list: false, files: Vec::new() };
    let mut given = std::env::args().skip(1);
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "--scenes" => arguments.scenes = given.next().unwrap_or_default().parse()?,
            "--samples" => arguments.samples = given.next().unwrap_or_default().parse()?,
            "--pairs" => arguments.pairs = given.next().unwrap_or_default().parse()?,
            "--list" => arguments.list = true,
            path => arguments.files.push(path.into()),
        }
    }
    Ok(arguments)
}
