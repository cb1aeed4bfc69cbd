//! How exact the gradients of the minimal solvers are: the f64 twins against central differences of the solvers, and the
//! f32 of the GPU against the twins.
//!
//! `cargo run --release --example solver_gradients -- --count 1000 --seed 1 [part of a solver's name]`
//!
//! A model of each sample is held against a random linear function of its rows; an error is |found − expected| / |expected|
//! of the vectors of all coordinates (and weights). Dropped: no usable gradient, the sample is ill-conditioned; on the GPU
//! "one only" counts what one of the two dropped. Unsteady: central differences of no step agree to 1e-4 (a solution next
//! to it appears or vanishes). The GPU is given ten times as many samples, and the twin's models rounded to f32; in the rows
//! "of the GPU's own model" those that its own solver found.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "prints a table; the shared problems are those of tests")]

#[path = "../tests/common/gradient_errors.rs"]
mod gradient_errors;
#[path = "../tests/common/gradient_gpu.rs"]
mod gradient_gpu;
#[path = "../tests/common/gradient_inputs.rs"]
mod gradient_inputs;
#[path = "../tests/common/gradients.rs"]
mod gradients;
#[path = "../tests/common/minimal.rs"]
mod minimal;

use gradient_errors::measure;
use gradient_gpu::{measure_gpu, with_gpu_models};
use gradient_inputs::ADVERSARIES;
use gradients::{CASES, tasks};
use minimal::SOLVERS;
use nabla_ransac::gpu::Context;

fn main() -> anyhow::Result<()> {
    let mut count = 1000;
    let mut seed = 1;
    let mut only = String::new();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--count" => count = args.next().unwrap_or_default().parse()?,
            "--seed" => seed = args.next().unwrap_or_default().parse()?,
            name => only = name.to_owned(),
        }
    }
    let cases = || CASES.iter().filter(|case| case.name.contains(&only));
    header("f64 twin against central differences", "unsteady");
    for case in cases() {
        println!("{:48} {}", case.name, measure(case, count, seed, case.draw).row());
    }
    for adversary in &ADVERSARIES {
        for case in cases().filter(|case| (adversary.concerns)(case)) {
            let mut found = measure(case, count / 5, seed, |rng| (adversary.draw)(case, rng));
            println!("{:48} {}", format!("{}, {}", case.name, adversary.name), found.row());
        }
    }
    let context = Context::request_blocking(true)?;
    header(&format!("f32 of {} against the twin", context.name()), "one only");
    for case in cases() {
        let tasks = tasks(case, 10 * count, seed);
        let (mut found, one_only) = measure_gpu(&context, case, &tasks, &tasks);
        found.unsteady = one_only;
        println!("{:48} {}", case.name, found.row());
        // The gradient of the eight-point algorithm takes only the sign from the model.
        if let Some(solver) = SOLVERS.iter().find(|solver| solver.name == case.name && !solver.name.contains('8')) {
            let [exact, with_f32] = with_gpu_models(&context, case, solver, &tasks);
            let (mut found, one_only) = measure_gpu(&context, case, &exact, &with_f32);
            found.unsteady = one_only;
            println!("{:48} {}", format!("{}, of the GPU's own model", case.name), found.row());
        }
    }
    Ok(())
}

fn header(what: &str, third: &str) {
    let quantiles = format!("{:>8} {:>8} {:>8} {:>8}", "median", "90 %", "99 %", "largest");
    println!("\n{what:48} {:>6} {:>7} {third:>8} | {quantiles}", "models", "dropped");
}
