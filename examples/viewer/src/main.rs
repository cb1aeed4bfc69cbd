//! A window in which the matches of two photographs are filtered live: the estimator runs in the window's own frames.

mod app;
mod arguments;
mod clock;
mod controls;
mod ending;
mod error;
mod estimation;
mod gpu;
mod match_buffers;
mod match_lines;
mod orbit;
mod pace;
mod pair;
mod photographs;
mod reading;
mod scene;
mod settings;
mod window;

use arguments::Arguments;
use clap::Parser;
use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let shown = Arguments::parse().read().and_then(window::show);
    let (told, code) = match shown {
        Ok(None) => (Ok(()), ExitCode::SUCCESS),
        Ok(Some(state)) => (writeln!(io::stdout(), "{state}"), ExitCode::SUCCESS),
        Err(error) => (writeln!(io::stderr(), "error: {error}"), ExitCode::FAILURE),
    };
    // whoever reads what is written may be gone
    drop(told);
    code
}
