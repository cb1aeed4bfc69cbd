//! `nabla-ransac verify`: the two-view geometries of a whole COLMAP database.

use crate::cli::arguments::OptionArgs;
use crate::cli::report::collection::{Gathered, Page};
use crate::cli::{complain, interrupt, print, print_json, progress};
use crate::collection::{
    Configuration, Database, Verifier, VerifyDatabase, VerifyOptions, VerifySummary, verify_database,
};
use crate::{Options, Sampler};
use anyhow::{Context, bail, ensure};
use clap::Args;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

/// Different errors that are told.
const TOLD: usize = 20;

#[derive(Args, Debug)]
pub(crate) struct VerifyArgs {
    /// COLMAP's database, of 3.8 to 4.2, with cameras, images, key points and matches
    database: PathBuf,
    /// hloc's key points and matches of a list of pairs, put into the database before; it is made where there is none
    #[arg(long, num_args = 3, value_names = ["FEATURES.h5", "MATCHES.h5", "PAIRS.txt"])]
    hloc: Option<Vec<PathBuf>>,
    /// Verify pairs that have a geometry again, and replace it
    #[arg(long)]
    overwrite: bool,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
    /// Write a page on the collection: counts, inliers, the worst and the ambiguous pairs drawn
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
    /// Folder of the images, to draw over
    #[arg(long, value_name = "FOLDER", requires = "report")]
    images: Option<PathBuf>,
    #[command(flatten)]
    how: VerifierArgs,
}

/// How pairs are verified, for all commands that do.
#[derive(Args, Debug)]
pub(crate) struct VerifierArgs {
    /// Times that random matches would have as good a geometry, on average; inf takes every geometry with inliers enough
    #[arg(long, value_name = "N", default_value_t = VerifyOptions::default().max_false_alarms)]
    max_false_alarms: f64,
    /// Look for more geometries among the outliers of the first; of several only the inliers are kept
    #[arg(long)]
    multiple_models: bool,
    /// Take inliers that lie along the border and are merely shifted for what they seem, not for a watermark
    #[arg(long)]
    no_watermark: bool,
    /// How samples are drawn: auto ranks the matches by the shipped network
    #[arg(long, value_enum)]
    sampler: Option<Sampler>,
    #[command(flatten)]
    pub(crate) options: OptionArgs,
}

impl VerifierArgs {
    pub(crate) fn options(&self) -> anyhow::Result<VerifyOptions> {
        let defaults = VerifyOptions::default();
        let given = self.options.options_over(defaults.estimator)?;
        Ok(VerifyOptions {
            estimator: Options { sampler: self.sampler.unwrap_or(given.sampler), ..given },
            max_false_alarms: self.max_false_alarms,
            detect_watermark: !self.no_watermark,
            multiple_models: self.multiple_models,
            ..defaults
        })
    }
}

pub(crate) fn run(arguments: &VerifyArgs) -> anyhow::Result<()> {
    let options = arguments.how.options()?;
    let verifier = Verifier::new(options)?;
    let (mut database, left_out) = arguments.database()?;
    interrupt::listen()?;

    let [all, left] = database.count_pairs()?;
    let bar = progress::bar(if arguments.overwrite { all } else { left }, "pairs");
    let mut failures = BTreeMap::new();
    let asked = VerifyDatabase { overwrite: arguments.overwrite, seed: arguments.how.options.seed };
    let mut gathered = arguments.report.as_ref().map(|_| Gathered::default());
    let start = Instant::now();
    let summary = verify_database(&mut database, &verifier, asked, &mut |batch, _| {
        bar.inc(batch.ids.len() as u64);
        for error in batch.geometries.iter().filter_map(|geometry| geometry.as_ref().err()) {
            *failures.entry(error.to_string()).or_default() += 1;
        }
        if let Some(gathered) = &mut gathered {
            gathered.add(batch);
        }
        interrupt::flow()
    })?;
    bar.finish_and_clear();
    let report = Report { arguments, summary, failures, verifier: &verifier, seconds: start.elapsed().as_secs_f64() };
    if let (Some(path), Some(gathered)) = (&arguments.report, &gathered) {
        let title = arguments.database.display().to_string();
        let (images, photographs) = (database.images(), arguments.images.as_deref());
        let page = Page { title, summary: report.text()?, gathered, images, photographs };
        fs::write(path, page.html()?).with_context(|| path.display().to_string())?;
    }
    if arguments.json { print_json(&report.json()) } else { print(&report.text()?) }?;
    report.end()?;
    ensure!(
        left_out == 0,
        "{left_out} pairs of the list are not in hloc's files, or wrong there; all others have their geometry"
    );
    Ok(())
}

impl VerifyArgs {
    /// The database, and how many pairs could not be put into it before.
    fn database(&self) -> anyhow::Result<(Database, usize)> {
        match &self.hloc {
            None => Ok((Database::open(&self.database)?, 0)),
            #[cfg(feature = "hloc")]
            Some(files) => super::verify_hloc::read(&self.database, files, self.json),
            #[cfg(not(feature = "hloc"))]
            Some(_) => super::missing::hloc(),
        }
    }
}

struct Report<'a> {
    arguments: &'a VerifyArgs,
    summary: VerifySummary,
    /// Errors, with the pairs that each has failed.
    failures: BTreeMap<String, u64>,
    verifier: &'a Verifier,
    seconds: f64,
}

impl Report<'_> {
    fn json(&self) -> Value {
        let Self { arguments, summary, verifier, .. } = self;
        let mut report = summary.report(&arguments.database, verifier, arguments.how.options.seed, self.seconds);
        report["failures"] = json!(self.failures);
        report["interrupted"] = json!(summary.stopped);
        report
    }

    fn text(&self) -> anyhow::Result<String> {
        let mut text = String::new();
        let summary = &self.summary;
        let database = self.arguments.database.display();
        writeln!(text, "{database}: {} pairs verified on {}", summary.verified(), self.verifier.device_name())?;
        let configurations = Configuration::ALL.into_iter().zip(summary.configurations);
        let found = configurations.filter(|&(_, pairs)| pairs > 0);
        let found: Vec<String> = found.map(|(one, pairs)| format!("{pairs} {}", one.name())).collect();
        if !found.is_empty() {
            writeln!(text, "{}", found.join(", "))?;
        }
        writeln!(text, "{} inliers of {} matches", summary.inliers, summary.matches)?;
        if summary.ambiguous > 0 {
            writeln!(text, "{} pairs are ambiguous: another motion explains them nearly as well", summary.ambiguous)?;
        }
        if summary.kept > 0 {
            writeln!(text, "{} pairs had a geometry before and kept it; --overwrite replaces those", summary.kept)?;
        }
        writeln!(text, "{:.1} s, {:.0} pairs/s", self.seconds, summary.pairs_per_s(self.seconds))?;
        Ok(text)
    }

    /// Tells of what went wrong, and ends as that asks for.
    fn end(&self) -> anyhow::Result<()> {
        for (failure, pairs) in self.failures.iter().take(TOLD) {
            complain(&format!("{pairs} pairs failed: {failure}"));
        }
        if self.failures.len() > TOLD {
            complain(&format!("and {} more errors; --json has them all", self.failures.len() - TOLD));
        }
        if self.summary.stopped {
            interrupt::exit(
                "interrupted: what was verified is in the database, and the same command goes on from there",
            );
        }
        match self.summary.failed {
            0 => Ok(()),
            failed => bail!("{failed} pairs have no geometry because their rows are wrong; all others have theirs"),
        }
    }
}
