//! How often each minimal solver recovers the truth of random noise-free problems: f32 on the GPU, f64 on the CPU.
//!
//! `cargo run --release --example solver_accuracy -- --count 100000`

#[path = "../tests/common/minimal.rs"]
mod minimal;

use minimal::{Minimal, Rows, SOLVERS, Solver, rows_f64};
use nabla_ransac::data::synthetic::generator;
use nabla_ransac::gpu::Context;
use nabla_ransac::kernels::run_solver::run_solver;
use std::time::Instant;

const RECOVERED: f64 = 1e-3;
const CHUNK: usize = 50_000;

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let mut count = 100_000;
    let mut only = String::new();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--count" => count = args.next().unwrap_or_default().parse()?,
            name => only = name.to_owned(),
        }
    }
    let context = Context::request_blocking(true)?;
    println!("{}; {count} problems a solver", context.name());
    for solver in SOLVERS.iter().filter(|solver| solver.name.contains(&only)) {
        measure(&context, solver, count)?;
    }
    Ok(())
}

fn measure(context: &Context, solver: &Solver, count: usize) -> anyhow::Result<()> {
    let mut rng = generator(1);
    let mut done = 0;
    let (mut gpu_ok, mut cpu_ok, mut gpu_models, mut cpu_models, mut seconds) = (0, 0, 0, 0, 0.0);
    let (mut rounded_ok, mut both_lost, mut near_ok) = (0, 0, 0);
    let (mut missed_by_gpu, mut missed_by_cpu) = (0, 0);
    let mut histogram = vec![[0; 2]; solver.most_models + 1];
    while done < count {
        let problems: Vec<Minimal> = (0..CHUNK.min(count - done)).map(|_| (solver.draw)(&mut rng)).collect();
        let points: Vec<_> = problems.iter().flat_map(Minimal::points_f32).collect();
        let start = Instant::now();
        let found = run_solver(context, &solver.shader, &points, solver.vec4s, solver.most_models)?;
        seconds += start.elapsed().as_secs_f64();
        for (problem, models) in problems.iter().zip(&found) {
            let gpu: Vec<Rows> = models.iter().map(rows_f64).collect();
            let cpu = (solver.twin)(&problem.points);
            let best = |models: &[Rows]| {
                models.iter().map(|model| (solver.error)(model, &problem.truth)).fold(f64::INFINITY, f64::min)
            };
            let (g, c) = (best(&gpu), best(&cpu));
            let r = best(&(solver.twin)(&problem.points.iter().map(|p| p.as_vec4().as_dvec4()).collect::<Vec<_>>()));
            rounded_ok += usize::from(r < RECOVERED);
            both_lost += usize::from(r >= RECOVERED && g >= RECOVERED);
            near_ok += usize::from(g < 1e-2);
            gpu_ok += usize::from(g < RECOVERED);
            cpu_ok += usize::from(c < RECOVERED);
            gpu_models += gpu.len();
            cpu_models += cpu.len();
            histogram[gpu.len()][0] += 1;
            histogram[cpu.len()][1] += 1;
            let near = |models: &[Rows], model: &Rows| models.iter().any(|m| (solver.error)(m, model) < 1e-2);
            missed_by_gpu += cpu.iter().filter(|model| !near(&gpu, model)).count();
            missed_by_cpu += gpu.iter().filter(|model| !near(&cpu, model)).count();
        }
        done += problems.len();
    }
    println!(
        "{}: gpu {:.3} % cpu {:.3} %, of rounded {:.3} % (both lost {both_lost}); gpu within 1e-2 {:.3} %; models gpu {gpu_models} cpu {cpu_models}; missed by gpu {missed_by_gpu}, by cpu {missed_by_cpu}; {seconds:.2} s",
        solver.name,
        100.0 * gpu_ok as f64 / count as f64,
        100.0 * cpu_ok as f64 / count as f64,
        100.0 * rounded_ok as f64 / count as f64,
        100.0 * near_ok as f64 / count as f64,
    );
    println!("  solutions gpu/cpu: {histogram:?}");
    Ok(())
}
