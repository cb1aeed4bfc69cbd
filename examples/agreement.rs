//! How far the GPU is from the CPU: stage by stage over random inputs, and over real scenes with the same seed.
//!
//! `cargo run --release --example agreement -- --scenes 20 --samples 20000 --iterations 256 [file of image pairs]…`
//!
//! Each stage of the GPU has the same input as its CPU twin. Differences of models are radians, or relative to the model.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    reason = "prints a table; shares code with the tests"
)]

#[path = "../tests/common/minimal.rs"]
mod minimal;
#[path = "../tests/common/round.rs"]
mod round;
#[path = "../tests/common/scenes.rs"]
mod scenes;

use minimal::{SOLVERS, Solver, rows_f64};
use nabla_ransac::constants::SCORE_SHARES;
use nabla_ransac::cpu::residual::ModelRows;
use nabla_ransac::cpu::robust::Loss;
use nabla_ransac::cpu::search::mark_inliers::mark_inliers;
use nabla_ransac::cpu::search::refine_model::{Refinement, refine_model};
use nabla_ransac::cpu::search::sample_minimal::{SampleSource, sample_minimal};
use nabla_ransac::data::synthetic::problems::generator;
use nabla_ransac::data::{CameraSet, PairRecord, Scene};
use nabla_ransac::geometry::accuracy::pose_error_deg;
use nabla_ransac::gpu::Context;
use nabla_ransac::kernels::solve::run_solver::run_solver;
use nabla_ransac::{Backend, Estimator, Model, ModelKind, Options, Outcome, Sampler};
use round::{COUNT, Round, SEED, rows};
use std::path::{Path, PathBuf};

const HYPOTHESES: u32 = 128;
const LOCAL: Refinement = Refinement { loss: Loss::Cauchy(0.5), max_iterations: 25, reach: 4.0 };

struct Arguments {
    scenes: u64,
    samples: usize,
    iterations: u32,
    files: Vec<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let arguments = arguments()?;
    let context = Context::request_blocking(true)?;
    println!("{}\n", context.name());
    println!("{:41} {:>9} {:>10} {:>10} {:>10}", "difference of", "values", "median", "99 %", "largest");
    for solver in &SOLVERS {
        let differences = solver_differences(&context, solver, arguments.samples)?;
        print_row(&format!("{} model, rad or relative", solver.name), differences);
    }
    for kind in ModelKind::ALL {
        stages(&context, kind, arguments.scenes);
    }
    for path in &arguments.files {
        same_seed(path, arguments.iterations)?;
    }
    Ok(())
}

fn arguments() -> anyhow::Result<Arguments> {
    let mut arguments = Arguments { scenes: 2, samples: 2000, iterations: 256, files: Vec::new() };
    let mut given = std::env::args().skip(1);
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "--scenes" => arguments.scenes = given.next().unwrap_or_default().parse()?,
            "--samples" => arguments.samples = given.next().unwrap_or_default().parse()?,
            "--iterations" => arguments.iterations = given.next().unwrap_or_default().parse()?,
            path => arguments.files.push(path.into()),
        }
    }
    Ok(arguments)
}

fn print_row(what: &str, mut differences: Vec<f64>) {
    differences.sort_by(f64::total_cmp);
    let at = |share: f64| differences[(share * (differences.len() - 1) as f64) as usize];
    println!("{what:41} {:9} {:10.1e} {:10.1e} {:10.1e}", differences.len(), at(0.5), at(0.99), at(1.0));
}

/// Of each model of the GPU to the nearest one of the twin, for the same points in single precision.
fn solver_differences(context: &Context, solver: &Solver, count: usize) -> anyhow::Result<Vec<f64>> {
    let mut rng = generator(1);
    let problems: Vec<_> = (0..count).map(|_| (solver.draw)(&mut rng)).collect();
    let points: Vec<_> =
        problems.iter().flat_map(|problem| &problem.points).map(|point| point.as_vec4().to_array()).collect();
    let found = run_solver(context, &solver.shader, &points, solver.vec4s, solver.most_models)?;
    let mut differences = Vec::new();
    for (problem, models) in problems.iter().zip(&found) {
        let rounded: Vec<_> = problem.points.iter().map(|point| point.as_vec4().as_dvec4()).collect();
        let twins = (solver.twin)(&rounded);
        let nearest =
            |model: [glam::DVec4; 3]| twins.iter().map(|twin| (solver.error)(&model, twin)).fold(1.0, f64::min);
        differences.extend(models.iter().map(rows_f64).map(nearest));
    }
    Ok(differences)
}

/// One round of each random scene.
fn stages(context: &Context, kind: ModelKind, scenes: u64) {
    let threshold_px = if kind == ModelKind::Rigid { 0.05 } else { 2.0 };
    let bounds = Options { min_iterations: HYPOTHESES, max_iterations: HYPOTHESES, ..Options::default() };
    let options = Options { threshold_px, sampler: Sampler::Uniform, ..bounds };
    let rounds: Vec<Round> = (0..scenes).map(|seed| round::run(context, kind, options.clone(), seed)).collect();
    let of_all = |values: fn(&Round) -> Vec<f64>| rounds.iter().flat_map(values).collect();
    let name = kind.name();
    print_row(&format!("{name}: normalised coordinate"), of_all(coordinates));
    print_row(&format!("{name}: index of a sample"), of_all(samples));
    print_row(&format!("{name}: score, relative"), of_all(scores));
    print_row(&format!("{name}: score refined, relative"), of_all(refined));
    print_row(&format!("{name}: mark of a match"), of_all(marks));
}

fn coordinates(round: &Round) -> Vec<f64> {
    let columns = round.normalized().columns;
    let spatial = round.matches.len() == 2 * COUNT;
    let found = |i: usize| -> Vec<f32> {
        if spatial {
            round.matches[2 * i][..3].iter().chain(&round.matches[2 * i + 1][..3]).copied().collect()
        } else {
            round.matches[i].to_vec()
        }
    };
    let of_match = |i| found(i).into_iter().zip(&columns).map(move |(x, column)| (f64::from(x) - column[i]).abs());
    (0..COUNT).flat_map(of_match).collect()
}

fn samples(round: &Round) -> Vec<f64> {
    match round.scene.kind.sample_size() {
        3 => samples_of::<3>(round),
        4 => samples_of::<4>(round),
        5 => samples_of::<5>(round),
        _ => samples_of::<7>(round),
    }
}

fn samples_of<const M: usize>(round: &Round) -> Vec<f64> {
    let source = SampleSource::Uniform(COUNT as u32);
    let drawn = (0..HYPOTHESES).flat_map(|hypothesis| sample_minimal::<M>(&source, SEED, hypothesis).unwrap());
    drawn.zip(&round.samples).map(|(twin, &found)| f64::from(twin.abs_diff(found))).collect()
}

/// Of the same models.
fn scores(round: &Round) -> Vec<f64> {
    let (matches, scorer) = (round.normalized(), round.scorer());
    let listed = round.list[1..].iter().take(round.list[0] as usize).enumerate();
    let difference = |(place, &id): (usize, &u32)| {
        let twin = f64::from(scorer.score(&rows(&round.models[id as usize]), &matches, f32::NEG_INFINITY));
        (f64::from(round.scores[place * SCORE_SHARES]) - twin).abs() / twin.max(1.0)
    };
    listed.map(difference).collect()
}

/// Of models refined from the same start.
fn refined(round: &Round) -> Vec<f64> {
    let (matches, scorer) = (round.normalized(), round.scorer());
    let score = |model: &ModelRows| f64::from(scorer.score(model, &matches, f32::NEG_INFINITY));
    let difference = |candidate: &nabla_ransac::kernels::layout::Candidate| {
        let start = rows(&round.models[candidate.model as usize]);
        let twin = score(&refine_model(&start, &matches, &LOCAL)).max(score(&start));
        (score(&rows(&candidate.rows)) - twin).abs() / twin.max(1.0)
    };
    round.candidates.iter().filter(|candidate| candidate.found != 0).map(difference).collect()
}

/// Of the same model.
fn marks(round: &Round) -> Vec<f64> {
    let twin = mark_inliers(&round.scorer(), &rows(&round.best.rows), &round.normalized());
    twin.iter().zip(&round.mask).map(|(&twin, &found)| f64::from(u8::from(twin != (found != 0)))).collect()
}

/// Every pair of a file on both backends, SNN ratio below 0.8.
fn same_seed(path: &Path, iterations: u32) -> anyhow::Result<()> {
    let scene = Scene::open(path, ModelKind::Essential, CameraSet::default())?;
    let records = (0..scene.len()).map(|pair| scene.pair(pair)).collect::<nabla_ransac::Result<Vec<_>>>()?;
    let records: Vec<PairRecord> =
        records.iter().map(|record| record.select(&record.best_by_ratio(0.8, 7, 2000))).collect();
    println!("\n{}: {} pairs, {iterations} hypotheses, same seed", scene.name(), records.len());
    let [cpu, gpu] = on_both(ModelKind::Essential, &records, iterations)?;
    for limit_deg in [0.01, 0.1, 1.0] {
        let agree = |(cpu, gpu): (&Outcome, &Outcome)| match (model(cpu), model(gpu)) {
            (Some(Model::Essential(a)), Some(Model::Essential(b))) => pose_error_deg(&a, &b) < limit_deg,
            (a, b) => a.is_none() && b.is_none(),
        };
        println!("essential: motions within {limit_deg}°: {}", share(cpu.iter().zip(&gpu).map(agree)));
    }
    let [cpu, gpu] = on_both(ModelKind::Fundamental, &records, iterations)?;
    for percent in [0, 1, 5] {
        let agree = |(cpu, gpu): (&Outcome, &Outcome)| match (&cpu.estimate, &gpu.estimate) {
            (Some(a), Some(b)) => {
                let differing = a.inliers.iter().zip(&b.inliers).filter(|(a, b)| a != b).count();
                differing * 100 <= percent * a.inliers.len()
            }
            (a, b) => a.is_none() && b.is_none(),
        };
        println!("fundamental: masks within {percent} %: {}", share(cpu.iter().zip(&gpu).map(agree)));
    }
    Ok(())
}

fn share(agree: impl Iterator<Item = bool>) -> String {
    let agree: Vec<bool> = agree.collect();
    let count = agree.iter().filter(|&&agree| agree).count();
    format!("{:.1} %", 100.0 * count as f64 / agree.len().max(1) as f64)
}

fn model(outcome: &Outcome) -> Option<Model> {
    outcome.estimate.as_ref().map(|estimate| estimate.model)
}

fn on_both(kind: ModelKind, records: &[PairRecord], iterations: u32) -> anyhow::Result<[Vec<Outcome>; 2]> {
    let problems = records.iter().zip(0..).map(|(record, seed)| record.problem(kind, seed));
    let problems = problems.collect::<nabla_ransac::Result<Vec<_>>>()?;
    let run = |backend| -> anyhow::Result<Vec<Outcome>> {
        let options = Options { backend, min_iterations: iterations, max_iterations: iterations, ..Options::default() };
        Ok(Estimator::new(options)?.estimate_batch(&problems).into_iter().collect::<nabla_ransac::Result<Vec<_>>>()?)
    };
    Ok([run(Backend::Cpu)?, run(Backend::Gpu)?])
}
