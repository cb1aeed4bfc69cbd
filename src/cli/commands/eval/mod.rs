//! `nabla-ransac eval`: every pair of some files against its truth.

mod jobs;
mod run;

use crate::cli::arguments::{CameraArgs, FilterArgs, OptionArgs};
use crate::cli::report::accuracy::Accuracy;
use crate::cli::report::pair_result::per_pair_csv;
use crate::cli::report::pose::PoseAccuracy;
use crate::cli::report::summary::{Asked, Summary};
use crate::cli::report::two_view::TwoViewAccuracy;
use crate::cli::sampling::SamplerArgs;
use crate::cli::{INTERRUPTED, complain, plot::curves, print, print_json, warnings};
use crate::data::Scene;
use crate::parallel::thread_count;
use crate::{Estimator, ModelKind, Result};
use anyhow::Context;
use clap::Args;
use jobs::Jobs;
use run::Run;
use std::fs;
use std::path::PathBuf;

#[derive(Args, Debug)]
pub(crate) struct EvalArgs {
    /// Files of image pairs with their true motion, or of queries with their true pose
    #[arg(required = true, value_name = "SCENE")]
    pub(crate) scenes: Vec<PathBuf>,
    /// What to estimate: essential, fundamental or pose
    #[arg(long, value_parser = parse_kind)]
    pub(crate) model: ModelKind,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// Draw recall, time and error curves into this PNG file
    #[arg(long, value_name = "FILE.png")]
    plot: Option<PathBuf>,
    /// Write a line for each pair into this CSV file
    #[arg(long, value_name = "FILE.csv")]
    per_pair: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) sampler: SamplerArgs,
    #[command(flatten)]
    pub(crate) options: OptionArgs,
    #[command(flatten)]
    cameras: CameraArgs,
}

fn parse_kind(name: &str) -> std::result::Result<ModelKind, String> {
    [ModelKind::Essential, ModelKind::Fundamental, ModelKind::Pose]
        .into_iter()
        .find(|kind| kind.name() == name)
        .ok_or_else(|| "expected essential, fundamental or pose".to_owned())
}

pub(crate) fn run(arguments: &EvalArgs) -> anyhow::Result<()> {
    match arguments.model {
        ModelKind::Pose => evaluate::<PoseAccuracy>(arguments),
        _ => evaluate::<TwoViewAccuracy>(arguments),
    }
}

fn evaluate<A: Accuracy>(arguments: &EvalArgs) -> anyhow::Result<()> {
    let mut options = arguments.options.options()?;
    let threads = thread_count(options.threads);
    // Pairs run side by side, each on one thread, so that the time of a pair is that of one thread.
    options.threads = 1;
    let cameras = arguments.cameras.cameras()?;
    let open = |path: &PathBuf| Scene::open(path, arguments.model, cameras.clone());
    let scenes = arguments.scenes.iter().map(open).collect::<Result<Vec<_>>>()?;
    let jobs = Jobs::<A>::of(&scenes)?;
    let given_weights = jobs.count(&scenes, |record| record.weights.is_some()) > 0;
    let sampling = arguments.sampler.prepare(&mut options, &arguments.options, arguments.model, given_weights)?;
    let warnings = jobs.ignored_options(&scenes, arguments.filter, &options);
    warnings::tell(&warnings);
    let estimator = Estimator::new(options)?;
    let sampling = match estimator.context() {
        Some(context) => sampling.on(context)?,
        None => sampling,
    };
    ctrlc::set_handler(|| {
        complain("interrupted: nothing is reported");
        std::process::exit(INTERRUPTED);
    })?;
    let results =
        Run { arguments, scenes: &scenes, jobs: &jobs, estimator: &estimator, sampling: &sampling }.all(threads);
    if let Some(path) = &arguments.per_pair {
        fs::write(path, per_pair_csv(&results)).with_context(|| path.display().to_string())?;
    }
    if let Some(path) = &arguments.plot {
        curves::draw(path, arguments.model, &results)?;
    }
    let asked = Asked {
        scenes: &arguments.scenes,
        model: arguments.model,
        snn: arguments.filter.snn,
        sampler: sampling.name(),
        seed: arguments.options.seed,
        threads,
        warnings: &warnings,
    };
    let summary = Summary::new(asked, &results, &jobs.facts, jobs.without_truth, &estimator);
    if arguments.json { print_json(&summary.json()) } else { print(&summary.text()?) }
}
