//! The command line of nabla-ransac; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    nabla_ransac::cli::run()
}
