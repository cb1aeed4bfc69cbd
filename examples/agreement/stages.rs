//! One stage after the other, each with the same input as its CPU twin.

use crate::minimal::{SOLVERS, Solver, rows_f64};
use crate::round::{self, COUNT, Round, SEED, rows};
use nabla_ransac::constants::SCORE_SHARES;
use nabla_ransac::cpu::residual::ModelRows;
use nabla_ransac::cpu::robust::Loss;
use nabla_ransac::cpu::search::mark_inliers::mark_inliers;
use nabla_ransac::cpu::search::refine_model::{Refinement, refine_model};
use nabla_ransac::cpu::search::sample_minimal::{SampleSource, sample_minimal};
use nabla_ransac::data::synthetic::problems::generator;
use nabla_ransac::gpu::Context;
use nabla_ransac::kernels::layout::Candidate;
use nabla_ransac::kernels::solve::run_solver::run_solver;
use nabla_ransac::{ModelKind, Options, Sampler};

const HYPOTHESES: u32 = 128;
const LOCAL: Refinement = Refinement { loss: Loss::Cauchy(0.5), max_iterations: 25, reach: 4.0 };

/// Prints a table of random scenes and of random samples for the solvers.
pub(crate) fn compare(context: &Context, scenes: u64, samples: usize) -> anyhow::Result<()> {
    println!("{:41} {:>9} {:>10} {:>10} {:>10}", "difference of", "values", "median", "99 %", "largest");
    for solver in &SOLVERS {
        let differences = solver_differences(context, solver, samples)?;
        print_row(&format!("{} model, rad or relative", solver.name), differences);
    }
    ModelKind::ALL.into_iter().for_each(|kind| stages(context, kind, scenes));
    Ok(())
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
    let difference = |candidate: &Candidate| {
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
