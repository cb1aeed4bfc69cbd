//! `nabla-ransac eval`: every pair of some files against its truth.

use crate::cli::arguments::{CameraArgs, FilterArgs, OptionArgs};
use crate::cli::report::measure::{Accuracy, Ranking};
use crate::cli::report::pair_result::{Ending, PairResult, Search, per_pair_csv};
use crate::cli::report::refined_truth::RefinedTruth;
use crate::cli::report::summary::{Asked, Summary};
use crate::cli::sampling::{SamplerArgs, Sampling};
use crate::cli::{INTERRUPTED, complain, plot::curves, print, print_json, progress, warnings};
use crate::data::synthetic::problems::pair_seed;
use crate::data::{PairRecord, Scene};
use crate::parallel::{parallel_map, thread_count};
use crate::ransac::Outcome;
use crate::{Backend, Estimator, ModelKind, Options, Result};
use anyhow::Context;
use clap::Args;
use indicatif::ProgressBar;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

/// Pairs in one batch on the GPU.
const GPU_BATCH: usize = 128;

#[derive(Args, Debug)]
pub(crate) struct EvalArgs {
    /// Files of image pairs with their true motion
    #[arg(required = true, value_name = "SCENE")]
    pub(crate) scenes: Vec<PathBuf>,
    /// What to estimate: essential or fundamental
    #[arg(long, value_parser = parse_two_view)]
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

fn parse_two_view(name: &str) -> std::result::Result<ModelKind, String> {
    [ModelKind::Essential, ModelKind::Fundamental]
        .into_iter()
        .find(|kind| kind.name() == name)
        .ok_or_else(|| "expected essential or fundamental".to_owned())
}

pub(crate) fn run(arguments: &EvalArgs) -> anyhow::Result<()> {
    let mut options = arguments.options.options()?;
    let threads = thread_count(options.threads);
    // Pairs run side by side, each on one thread, so that the time of a pair is that of one thread.
    options.threads = 1;
    let cameras = arguments.cameras.cameras()?;
    let open = |path: &PathBuf| Scene::open(path, arguments.model, cameras.clone());
    let scenes = arguments.scenes.iter().map(open).collect::<Result<Vec<_>>>()?;
    let (jobs, without_truth) = jobs(&scenes)?;
    let has_weights = |&(scene, pair): &Job| scenes[scene].pair(pair).is_ok_and(|record| record.weights.is_some());
    let given_weights = jobs.iter().any(has_weights);
    let sampling = arguments.sampler.prepare(&mut options, &arguments.options, arguments.model, given_weights)?;
    let warnings = ignored_options(arguments, &options, &scenes, &jobs);
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

    let run = Run { arguments, scenes: &scenes, estimator: &estimator, sampling: &sampling };
    let bar = progress::bar(jobs.len() as u64, "pairs");
    let results = match estimator.backend() {
        Backend::Gpu => {
            // With the first batch shaders are compiled and buffers made, which is no time of its pairs.
            jobs.chunks(GPU_BATCH).take(1).for_each(|first| drop(run.batch(first, &ProgressBar::hidden())));
            jobs.chunks(GPU_BATCH).flat_map(|batch| run.batch(batch, &bar)).collect()
        }
        _ => run.threads(&jobs, threads, &bar),
    };
    bar.finish_and_clear();

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
    let summary = Summary::new(asked, &results, without_truth, &estimator);
    if arguments.json { print_json(&summary.json()) } else { print(&summary.text()?) }
}

/// Index of a scene, and of a pair in it.
type Job = (usize, usize);

/// The pairs that can be compared with their truth, and how many cannot.
fn jobs(scenes: &[Scene]) -> Result<(Vec<Job>, usize)> {
    let mut jobs = Vec::new();
    for (index, scene) in scenes.iter().enumerate() {
        let before = jobs.len();
        // A pair that cannot be read is tried again and reported with its message.
        let is_comparable = |&pair: &usize| scene.pair(pair).map_or(true, |record| Accuracy::is_defined_for(&record));
        jobs.extend((0..scene.len()).filter(is_comparable).map(|pair| (index, pair)));
        if jobs.len() == before {
            return Err(scene.error(format!(
                "expected image pairs with their true motion (R, t) and both cameras (K1, K2), but none of the {} pairs has them",
                scene.len()
            )));
        }
    }
    let all: usize = scenes.iter().map(Scene::len).sum();
    let without_truth = all - jobs.len();
    Ok((jobs, without_truth))
}

/// What is ignored for want of ratios, where any pair has none.
fn ignored_options(arguments: &EvalArgs, options: &Options, scenes: &[Scene], jobs: &[Job]) -> Vec<String> {
    let ignored = warnings::without_ratios(arguments.filter, options);
    let lacks_ratios = |&&(scene, pair): &&Job| scenes[scene].pair(pair).is_ok_and(|record| record.ratios.is_none());
    let lacking = if ignored.is_empty() { 0 } else { jobs.iter().filter(lacks_ratios).count() };
    if lacking == 0 {
        return Vec::new();
    }
    ignored.into_iter().map(|warning| format!("for {lacking} of {} pairs, {warning}", jobs.len())).collect()
}

struct Run<'a> {
    arguments: &'a EvalArgs,
    scenes: &'a [Scene],
    estimator: &'a Estimator,
    sampling: &'a Sampling,
}

impl Run<'_> {
    fn threads(&self, jobs: &[Job], threads: usize, bar: &ProgressBar) -> Vec<PairResult> {
        parallel_map(threads, jobs.len(), |index| {
            let result = self.pair(jobs[index]);
            bar.inc(1);
            result
        })
    }

    fn pair(&self, job: Job) -> PairResult {
        let record = self.record(job);
        let mut record = match record {
            Ok(record) => record,
            Err(error) => return self.result(job, None, Err(error), 0.0),
        };
        let start = Instant::now();
        let ranked = self.sampling.rank(&mut record, self.arguments.model);
        let problem = ranked.and_then(|()| record.problem(self.arguments.model, self.seed(job)));
        let outcome = problem.and_then(|problem| self.estimator.estimate(&problem));
        self.result(job, Some(&record), outcome, start.elapsed().as_secs_f64() * 1e3)
    }

    /// One submission; the time of a pair is its share of the whole.
    fn batch(&self, jobs: &[Job], bar: &ProgressBar) -> Vec<PairResult> {
        let mut records: Vec<Result<PairRecord>> = jobs.iter().map(|&job| self.record(job)).collect();
        let start = Instant::now();
        self.sampling.rank_all(&mut records, self.arguments.model);
        let problems: Vec<_> = records
            .iter()
            .zip(jobs)
            .filter_map(|(record, &job)| record.as_ref().ok()?.problem(self.arguments.model, self.seed(job)).ok())
            .collect();
        let mut outcomes = self.estimator.estimate_batch(&problems).into_iter();
        let milliseconds = start.elapsed().as_secs_f64() * 1e3 / jobs.len() as f64;
        bar.inc(jobs.len() as u64);
        let result = |(record, &job): (Result<PairRecord>, &Job)| match record {
            Err(error) => self.result(job, None, Err(error), milliseconds),
            Ok(record) => {
                let outcome = match record.problem(self.arguments.model, self.seed(job)) {
                    Ok(_) => outcomes.next().unwrap_or_else(|| Ok(Outcome::default())),
                    Err(error) => Err(error),
                };
                self.result(job, Some(&record), outcome, milliseconds)
            }
        };
        records.into_iter().zip(jobs).map(result).collect()
    }

    fn seed(&self, (_, pair): Job) -> u64 {
        pair_seed(self.arguments.options.seed, pair)
    }

    /// The pair with the matches that the filter leaves.
    fn record(&self, (scene, pair): Job) -> Result<PairRecord> {
        let record = self.scenes[scene].pair(pair)?;
        let indices = self.arguments.filter.indices(&record, self.arguments.model);
        Ok(indices.map(|indices| record.select(&indices)).unwrap_or(record))
    }

    fn result(&self, job: Job, record: Option<&PairRecord>, outcome: Result<Outcome>, milliseconds: f64) -> PairResult {
        let search =
            record.zip(outcome.as_ref().ok()).map_or_else(Search::default, |(record, found)| Search::of(found, record));
        let estimate = outcome.map(|outcome| outcome.estimate);
        let truth = record.zip(estimate.as_ref().ok()).and_then(|(record, estimate)| {
            let problem = record.problem(self.arguments.model, self.seed(job)).ok()?;
            RefinedTruth::of(estimate.as_ref(), &problem, record, self.estimator.options())
        });
        let (accuracy, ending) = match (estimate, record) {
            (Err(error), _) => (Accuracy::FAILURE, Ending::Failed(error.to_string())),
            (Ok(Some(estimate)), Some(record)) => match Accuracy::of(&estimate.model, &estimate.inliers, record) {
                Some(accuracy) => (accuracy, Ending::Found),
                None => (Accuracy::FAILURE, Ending::Failed("its true motion and cameras are not known".to_owned())),
            },
            _ => (Accuracy::FAILURE, Ending::NoModel),
        };
        let ranking = record
            .map_or_else(Ranking::default, |record| Ranking::of(record, self.sampling.quality(record).as_deref()));
        let (scene, pair) = (&self.scenes[job.0], job.1);
        let (scene, pair) = (scene.name(), scene.id(pair).to_owned());
        PairResult { scene, pair, accuracy, ranking, truth, search, milliseconds, ending }
    }
}
