//! `nabla-ransac bench`: how fast the stages and the whole are on the chosen backend.

use super::bench_gpu;
use crate::cli::arguments::OptionArgs;
use crate::cli::synthetic_views::{MinimalProblems, SyntheticViews, first};
use crate::cli::{print, print_json};
use crate::cpu::residual::ModelRows;
use crate::cpu::search::normalize_matches::{NormalizedMatches, rows_of_pose};
use crate::cpu::search::score_models::Scorer;
use crate::cpu::solve::solve_essential_5pt::solve_essential_poses;
use crate::cpu::solve::solve_fundamental_7pt::solve_fundamental_7pt;
use crate::cpu::solve::solve_fundamental_8pt::solve_fundamental_8pt;
use crate::cpu::solve::solve_homography_4pt::solve_homography_4pt;
use crate::cpu::solve::solve_pose_p3p::solve_pose_p3p;
use crate::cpu::solve::solve_rigid_3pt::solve_rigid_3pt;
use crate::gpu::Context;
use crate::{Backend, Estimator, ModelKind, Options, Problem, Sampler};
use anyhow::Context as _;
use clap::Args;
use serde_json::{Value, json};
use std::fmt::Write;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Problems that a solver is given in turn, models that are scored in turn.
pub(crate) const PROBLEMS: usize = 256;

#[derive(Args, Debug)]
pub(crate) struct BenchArgs {
    /// Matches of a pair
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(8..=1_000_000))]
    matches: u32,
    /// Pairs of a batch
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pairs: u32,
    /// Seconds for each figure
    #[arg(long, value_name = "S", default_value_t = 1.0, allow_negative_numbers = true)]
    seconds: f64,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// How samples are drawn
    #[arg(long, value_enum)]
    sampler: Option<Sampler>,
    #[command(flatten)]
    options: OptionArgs,
}

/// A figure: how many of what a second.
pub(crate) struct Rate {
    pub(crate) what: String,
    pub(crate) unit: &'static str,
    pub(crate) per_second: f64,
}

pub(crate) fn run(arguments: &BenchArgs) -> anyhow::Result<()> {
    let mut options = arguments.options.options()?;
    options.sampler = arguments.sampler.unwrap_or(options.sampler);
    let time = Duration::try_from_secs_f64(arguments.seconds).context("--seconds")?;
    let estimator = Estimator::new(options)?;
    let views = SyntheticViews::new(arguments.options.seed, arguments.matches as usize);
    let mut rates = Vec::new();
    let (seed, pairs) = (arguments.options.seed, arguments.pairs as usize);
    if estimator.backend() == Backend::Gpu {
        let context = Context::request_blocking(estimator.options().backend == Backend::Gpu)?;
        rates.extend(bench_gpu::solver_rates(&context, seed, time)?);
        rates.push(bench_gpu::scoring_rate(&context, &views, estimator.options(), pairs, time)?);
    } else {
        rates.extend(solver_rates(seed, time));
        rates.push(scoring_rate(&views, estimator.options(), time)?);
    }
    for kind in [ModelKind::Essential, ModelKind::Fundamental] {
        rates.push(batch_rate(kind, &views, &estimator, pairs, time)?);
    }
    let report = Report { arguments, estimator: &estimator, rates };
    if arguments.json { print_json(&report.json()) } else { print(&report.text()?) }
}

/// Runs work until the time is over, after one round to warm up; rounds a second.
fn rounds_per_second(time: Duration, mut round: impl FnMut()) -> f64 {
    round();
    let start = Instant::now();
    let mut rounds = 0_u32;
    while rounds == 0 || start.elapsed() < time {
        round();
        rounds += 1;
    }
    f64::from(rounds) / start.elapsed().as_secs_f64()
}

/// Every minimal solver on one thread of the CPU.
fn solver_rates(seed: u64, time: Duration) -> Vec<Rate> {
    let p = MinimalProblems::new(seed, PROBLEMS);
    vec![
        solver_rate("essential 5-point", time, |i| solve_essential_poses(&first(&p.views1[i]), &first(&p.views2[i]))),
        solver_rate("fundamental 7-point", time, |i| solve_fundamental_7pt(&first(&p.views1[i]), &first(&p.views2[i]))),
        solver_rate("fundamental 8-point", time, |i| solve_fundamental_8pt(&p.views1[i], &p.views2[i], None)),
        solver_rate("homography 4-point", time, |i| solve_homography_4pt(&first(&p.plane1[i]), &first(&p.plane2[i]))),
        solver_rate("pose P3P", time, |i| solve_pose_p3p(&first(&p.views2[i]), &first(&p.world2[i]))),
        solver_rate("rigid 3-point", time, |i| solve_rigid_3pt(&first(&p.world1[i]), &first(&p.world2[i]))),
    ]
}

fn solver_rate<T>(solver: &str, time: Duration, solve: impl Fn(usize) -> T) -> Rate {
    let solve_all = || {
        for index in 0..PROBLEMS {
            black_box(solve(index));
        }
    };
    Rate {
        what: format!("{solver}, one thread"),
        unit: "solves/s",
        per_second: PROBLEMS as f64 * rounds_per_second(time, solve_all),
    }
}

/// Residual and gain of every match under every model, on one thread of the CPU.
fn scoring_rate(views: &SyntheticViews, options: &Options, time: Duration) -> anyhow::Result<Rate> {
    let kind = ModelKind::Essential;
    let matches = NormalizedMatches::new(&views.matches.view(kind)?, options.threshold_px, None, None);
    let scorer = Scorer::new(kind, options.score, options.residual);
    let models: Vec<ModelRows> = (0..PROBLEMS).map(|index| rows_of_pose(&views.motion_near_truth(index))).collect();
    let score_all = || {
        for model in &models {
            black_box(scorer.score(model, &matches, f32::NEG_INFINITY));
        }
    };
    let evaluations = (PROBLEMS * views.matches.len()) as f64;
    Ok(Rate {
        what: "scoring essential matrices, one thread".to_owned(),
        unit: "model-match evaluations/s",
        per_second: evaluations * rounds_per_second(time, score_all),
    })
}

/// Whole estimations in batches.
fn batch_rate(
    kind: ModelKind,
    views: &SyntheticViews,
    estimator: &Estimator,
    pairs: usize,
    time: Duration,
) -> anyhow::Result<Rate> {
    let view = views.matches.view(kind)?;
    let problem = |seed| Problem { seed, ratios: Some(&views.ratios), ..Problem::new(view) };
    let problems: Vec<Problem<'_>> = (0..pairs as u64).map(problem).collect();
    let mut failure = None;
    let per_second = rounds_per_second(time, || {
        failure = failure.take().or(estimator.estimate_batch(&problems).into_iter().find_map(Result::err));
    });
    match failure {
        Some(error) => Err(error.into()),
        None => Ok(Rate {
            what: format!("{} matrix of {} matches, batches of {pairs}", kind.name(), view.lengths()[0]),
            unit: "pairs/s",
            per_second: per_second * pairs as f64,
        }),
    }
}

struct Report<'a> {
    arguments: &'a BenchArgs,
    estimator: &'a Estimator,
    rates: Vec<Rate>,
}

impl Report<'_> {
    fn json(&self) -> Value {
        let rate = |rate: &Rate| json!({ "what": rate.what, "unit": rate.unit, "per_second": rate.per_second });
        json!({
            "backend": self.estimator.backend(),
            "device": self.estimator.device_name(),
            "matches": self.arguments.matches,
            "pairs": self.arguments.pairs,
            "rates": self.rates.iter().map(rate).collect::<Vec<_>>(),
            "settings": self.estimator.options(),
        })
    }

    fn text(&self) -> anyhow::Result<String> {
        let mut text = String::new();
        let options = self.estimator.options();
        let (least, most) = (options.min_iterations, options.max_iterations);
        writeln!(text, "on {}; {least} to {most} iterations", self.estimator.device_name())?;
        for Rate { what, unit, per_second } in &self.rates {
            writeln!(text, "{what:55} {:>12} {unit}", scaled(*per_second))?;
        }
        Ok(text)
    }
}

/// Three digits and a power of a thousand.
fn scaled(value: f64) -> String {
    let (divisor, letter) = match value {
        v if v >= 1e9 => (1e9, " G"),
        v if v >= 1e6 => (1e6, " M"),
        v if v >= 1e3 => (1e3, " k"),
        _ => (1.0, ""),
    };
    let short = value / divisor;
    let digits = if short >= 100.0 {
        0
    } else if short >= 10.0 {
        1
    } else {
        2
    };
    format!("{short:.digits$}{letter}")
}
