//! How often the loops run that depend on the data: on any adapter, software ones included, for scenes of 2000 matches of which half are
//! right, 1024 hypotheses each.

#[path = "../../tests/common/scenes.rs"]
mod scenes;

use nabla_ransac::cpu::residual::ModelRows;
use nabla_ransac::cpu::robust::Loss;
use nabla_ransac::cpu::search::normalize_matches::NormalizedMatches;
use nabla_ransac::cpu::search::refine_model::{Refinement, refine_model};
use nabla_ransac::cpu::search::score_models::Scorer;
use nabla_ransac::gpu::{Context, Shader};
use nabla_ransac::kernels::HostBuffers;
use nabla_ransac::kernels::solve::{run_solver::run_solver, solve_essential_5pt};
use nabla_ransac::ransac::GpuPipeline;
use nabla_ransac::{ModelKind, Options};
use scenes::Scene;

const SCENES: u64 = 3;
const MATCHES: usize = 2000;
const HYPOTHESES: u32 = 1024;
/// As `schedule.rs` has them.
const LOCAL: Refinement = Refinement { loss: Loss::Cauchy(0.5), max_iterations: 25, reach: 4.0 };
const FINAL: Refinement = Refinement { max_iterations: 100, reach: 1.5, ..LOCAL };

pub(crate) fn print(kind: ModelKind) {
    println!("\n## How often the loops run\n");
    let context = match Context::request_blocking(true) {
        Ok(context) => context,
        Err(why) => return println!("No device: {why}"),
    };
    for seed in 1..=SCENES {
        print_scene(&context, kind, seed);
    }
}

fn print_scene(context: &Context, kind: ModelKind, seed: u64) {
    let [threshold_px, noise] = if kind == ModelKind::Rigid { [0.05, 0.01] } else { [2.0, 0.5] };
    let scene = Scene::new(kind, seed, MATCHES, 0.5, noise);
    let options =
        Options { threshold_px, min_iterations: HYPOTHESES, max_iterations: HYPOTHESES, ..Options::default() };
    let pipeline =
        GpuPipeline::new_blocking(context.clone(), kind, &options, [1, MATCHES as u32], HostBuffers::default())
            .unwrap();
    let buffers = pipeline.buffers();
    buffers.raw_matches.write(context, 0, &scene.raw_matches());
    pipeline.write_pairs(&[scene.input(threshold_px, seed, 0)]).unwrap();
    let mut encoder = context.encoder("bench");
    pipeline.encode(&mut encoder);
    context.queue().submit([encoder.finish()]);

    let models = buffers.lists.read_blocking(context).unwrap()[0];
    let found = buffers.models.read_blocking(context).unwrap();
    let candidates = buffers.candidates.read_blocking(context).unwrap();
    let starts: Vec<ModelRows> = candidates
        .iter()
        .filter(|candidate| candidate.found != 0)
        .map(|candidate| found[candidate.model as usize].map(|row| row.map(f64::from)))
        .collect();
    let matches = NormalizedMatches::new(&scene.view(), threshold_px, None, None);
    let local = Refined::of(&starts, &matches, &options, &LOCAL);
    let last = Refined::of(&local.models[..1], &matches, &options, &FINAL);
    println!(
        "scene {seed}: {models} models; {} candidates, {:.0} matches near, {:.1} steps; of the winner {:.0} near, {:.1} steps",
        starts.len(),
        local.near,
        local.steps,
        last.near,
        last.steps
    );
    if kind == ModelKind::Essential && seed == SCENES {
        print_roots(context, &buffers.points.read_blocking(context).unwrap()[..5 * HYPOTHESES as usize]);
    }
}

/// Models after a refinement, with the mean number of matches that took part and of steps that changed anything, by the twin.
struct Refined {
    models: Vec<ModelRows>,
    near: f64,
    steps: f64,
}

impl Refined {
    fn of(starts: &[ModelRows], matches: &NormalizedMatches, options: &Options, refinement: &Refinement) -> Self {
        let scorer = Scorer::new(matches.kind, options.score, options.residual);
        let after = |start, max_iterations| refine_model(start, matches, &Refinement { max_iterations, ..*refinement });
        let mut refined = Self { models: Vec::new(), near: 0.0, steps: 0.0 };
        for start in starts {
            let residuals_sq = scorer.residuals_sq(start, matches);
            let is_near = |&&residual_sq: &&f64| residual_sq < refinement.reach * refinement.reach;
            let end = after(start, refinement.max_iterations);
            let steps = (0..=refinement.max_iterations).find(|&steps| after(start, steps) == end).unwrap();
            refined.near += residuals_sq[..matches.count].iter().filter(is_near).count() as f64 / starts.len() as f64;
            refined.steps += f64::from(steps) / starts.len() as f64;
            refined.models.push(end);
        }
        refined
    }
}

/// Of the 5-point solver, by copies of its shader: roots looked into, and how many samples a further step of their loops changes.
fn print_roots(context: &Context, points: &[[f32; 4]]) {
    let solved = |from: &str, to: &str| {
        let changed = |part: &&'static str| &*part.replace(from, to).leak();
        let parts: Vec<&'static str> = solve_essential_5pt::SHADER.parts.iter().map(changed).collect();
        assert!(parts != solve_essential_5pt::SHADER.parts || from == to, "{from}");
        run_solver(context, &Shader { parts: &parts, ..solve_essential_5pt::SHADER }, points, 5, 10).unwrap()
    };
    let all = solved("", "");
    let roots: usize =
        solved("min(models_of_sample(local), MAX_MODELS)", "root_counts[local]").iter().map(Vec::len).sum();
    let some = all.iter().filter(|models| !models.is_empty()).count();
    println!("    {:.2} roots a sample; {some} of {} samples have a model", roots as f64 / all.len() as f64, all.len());
    for (what, end, shorter) in [
        ("Newton's method", "NEWTON_STEPS: u32 = 12u", "NEWTON_STEPS: u32 = "),
        ("regula falsi", "step < 12u", "step < "),
    ] {
        let shares = [2, 4, 8].map(|steps| {
            let fewer = solved(end, &format!("{shorter}{steps}u"));
            let differing = fewer.iter().zip(&all).filter(|(fewer, all)| fewer != all).count();
            format!("{steps}: {:.3}", differing as f64 / some as f64)
        });
        println!("    share of these that more steps of {what} change than {}", shares.join(", "));
    }
}
