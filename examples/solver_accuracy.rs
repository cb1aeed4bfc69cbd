//! How often each minimal solver recovers the truth of random noise-free problems: f32 on the GPU, f64 on the CPU.
//!
//! `cargo run --release --example solver_accuracy -- --count 100000 --seed 1 [part of a solver's name]`
//!
//! Recovered: a solution within 1e-3 rad, or 1e-3 relative, of the truth. What f32 loses is classed by the first that holds:
//! rounding the points to f32 alone makes the f64 solver lose it; it moves the f64 solution by 1e-5 or more
//! (ill-conditioned); another f64 solution is within 0.1 (near a double root); the rest.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "prints a table; the shared problems are those of tests")]

#[path = "../tests/common/minimal.rs"]
mod minimal;

use glam::DVec4;
use minimal::{Minimal, Rows, SOLVERS, Solver, rows_f64};
use nabla_ransac::data::synthetic::problems::generator;
use nabla_ransac::gpu::Context;
use nabla_ransac::kernels::solve::run_solver::run_solver;

const RECOVERED: f64 = 1e-3;
const SAME: f64 = 1e-2;
const CHUNK: usize = 50_000;

#[derive(Default)]
struct Tally {
    gpu: usize,
    twin: usize,
    twin_of_rounded: usize,
    lost: [usize; 4],
    solutions: [[usize; 11]; 2],
    twin_models: usize,
    missed: usize,
}

fn main() -> anyhow::Result<()> {
    let mut count = 100_000;
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
    let context = Context::request_blocking(true)?;
    println!("{}, {count} problems a solver; shares recovered in %", context.name());
    println!(
        "{:20} {:>8} {:>8} {:>12} | f32 lost: {:>8} {:>8} {:>8} {:>8} | {:>14}",
        "solver", "f32 GPU", "f64 CPU", "f64, rounded", "rounding", "ill-cond", "double", "rest", "missed of f64's"
    );
    for solver in SOLVERS.iter().filter(|solver| solver.name.contains(&only)) {
        let tally = measure(&context, solver, count, seed)?;
        let percent = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
        let [rounding, ill, double, rest] = tally.lost;
        println!(
            "{:20} {:8.3} {:8.3} {:12.3} | {:9} {rounding:8} {ill:8} {double:8} {rest:8} | {:13.3} %",
            solver.name,
            percent(tally.gpu, count),
            percent(tally.twin, count),
            percent(tally.twin_of_rounded, count),
            "",
            percent(tally.missed, tally.twin_models)
        );
        for (name, histogram) in ["f32", "f64"].iter().zip(&tally.solutions) {
            println!("    problems by number of solutions, {name}: {:?}", &histogram[..=solver.most_models]);
        }
    }
    Ok(())
}

fn measure(context: &Context, solver: &Solver, count: usize, seed: u64) -> anyhow::Result<Tally> {
    let mut rng = generator(seed);
    let mut tally = Tally::default();
    for start in (0..count).step_by(CHUNK) {
        let problems: Vec<_> = (start..count.min(start + CHUNK)).map(|_| (solver.draw)(&mut rng)).collect();
        let points: Vec<_> =
            problems.iter().flat_map(|problem| &problem.points).map(|point| point.as_vec4().to_array()).collect();
        let found = run_solver(context, &solver.shader, &points, solver.vec4s, solver.most_models)?;
        for (problem, models) in problems.iter().zip(&found) {
            let models: Vec<_> = models.iter().map(rows_f64).collect();
            tally.add(solver, problem, &models);
        }
    }
    Ok(tally)
}

impl Tally {
    fn add(&mut self, solver: &Solver, problem: &Minimal, gpu: &[Rows]) {
        let error_to = |models: &[Rows], model: &Rows| {
            models.iter().map(|m| (solver.error)(m, model)).fold(f64::INFINITY, f64::min)
        };
        let twin = (solver.twin)(&problem.points);
        let rounded: Vec<DVec4> = problem.points.iter().map(|p| p.as_vec4().as_dvec4()).collect();
        let rounded_error = error_to(&(solver.twin)(&rounded), &problem.truth);
        let recovered = error_to(gpu, &problem.truth) < RECOVERED;
        self.gpu += usize::from(recovered);
        self.twin += usize::from(error_to(&twin, &problem.truth) < RECOVERED);
        self.twin_of_rounded += usize::from(rounded_error < RECOVERED);
        self.solutions[0][gpu.len()] += 1;
        self.solutions[1][twin.len()] += 1;
        self.twin_models += twin.len();
        self.missed += twin.iter().filter(|&model| error_to(gpu, model) > SAME).count();
        if !recovered {
            let near = twin.iter().filter(|&model| (solver.error)(model, &problem.truth) < 0.1).count();
            let class = if rounded_error >= RECOVERED {
                0
            } else if rounded_error >= 1e-5 {
                1
            } else if near > 1 {
                2
            } else {
                3
            };
            self.lost[class] += 1;
        }
    }
}
