//! `nabla-ransac estimate`: one model from the matches of a file.

use crate::cli::arguments::{CameraArgs, FilterArgs, OptionArgs};
use crate::cli::plot::draw;
use crate::cli::plot::views::Mark;
use crate::cli::report::accuracy::Accuracy;
use crate::cli::report::two_view::TwoViewAccuracy;
#[cfg(feature = "rerun")]
use crate::cli::rerun::{self, Shown};
use crate::cli::sampling::{SamplerArgs, SamplerName};
use crate::cli::{print, print_json, report::json, warnings};
use crate::data::synthetic::problems::pair_seed;
use crate::data::{CameraSet, PairRecord, Scene};
use crate::geometry::Model;
use crate::geometry::accuracy::{position_error, rotation_error_deg};
use crate::ransac::{Estimate, Outcome};
use crate::{Backend, Error, Estimator, ModelKind, Pose};
use anyhow::anyhow;
use clap::{ArgGroup, Args};
use glam::DMat3;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::PathBuf;
use std::time::Instant;

#[derive(Args, Debug)]
#[command(group = ArgGroup::new("pictures").args(["draw", "rerun"]).multiple(true))]
pub(crate) struct EstimateArgs {
    /// Matches: .safetensors, .npz or .csv
    file: PathBuf,
    /// Which pair of the file; the first if not given
    #[arg(long, value_name = "ID")]
    pair: Option<String>,
    /// What to estimate
    #[arg(long, value_enum)]
    model: ModelKind,
    #[command(flatten)]
    filter: FilterArgs,
    /// Draw the matches into this PNG file
    #[arg(long, value_name = "FILE.png")]
    draw: Option<PathBuf>,
    /// Write matches, cameras and points into this file, to look at with the rerun viewer; only in a program built with
    /// --features rerun
    #[arg(long, value_name = "FILE.rrd")]
    rerun: Option<PathBuf>,
    /// The two images (one for a pose), to draw over or to write into the file for the rerun viewer
    #[arg(long, value_names = ["A", "B"], num_args = 1..=2, requires = "pictures")]
    images: Vec<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sampler: SamplerArgs,
    #[command(flatten)]
    options: OptionArgs,
    #[command(flatten)]
    cameras: CameraArgs,
}

/// All that the report says.
struct Report<'a> {
    arguments: &'a EstimateArgs,
    record: &'a PairRecord,
    /// Indices in the record of the matches that were used.
    used: Vec<usize>,
    outcome: Outcome,
    milliseconds: f64,
    estimator: Estimator,
    sampler: SamplerName,
    warnings: Vec<String>,
}

pub(crate) fn run(arguments: &EstimateArgs) -> anyhow::Result<()> {
    let kind = arguments.model;
    #[cfg(not(feature = "rerun"))]
    if arguments.rerun.is_some() {
        return super::missing::rerun();
    }
    let mut options = arguments.options.options()?;
    let scene = Scene::open(&arguments.file, kind, arguments.cameras.cameras()?)?;
    let index = arguments.pair.as_ref().map_or(Ok(0), |id| scene.find(id))?;
    let record = scene.pair(index)?;
    let used = arguments.filter.indices(&record, kind).unwrap_or_else(|| (0..record.matches.len()).collect());
    let mut chosen = record.select(&used);
    let given_weights = chosen.weights.is_some();
    let sampling = arguments.sampler.prepare(&mut options, &arguments.options, kind, given_weights)?;
    let start = Instant::now();
    sampling.rank(&mut chosen, kind).map_err(|error| advise(error, kind))?;
    let ranking_time = start.elapsed();
    let seed = pair_seed(arguments.options.seed, index);
    let problem = chosen.problem(kind, seed).map_err(|error| advise(error, kind))?;
    let mut warnings = record.warnings.clone();
    if record.ratios.is_none() {
        warnings.extend(warnings::without_ratios(arguments.filter, &options));
    }
    warnings.extend(warnings::of_problem(&problem, &options));
    warnings::tell(&warnings);
    let estimator = Estimator::new(options)?;
    let start = Instant::now();
    let outcome = estimator.estimate(&problem)?;
    let milliseconds = (ranking_time + start.elapsed()).as_secs_f64() * 1e3;
    let sampler = sampling.name();
    let report = Report { arguments, record: &record, used, outcome, milliseconds, estimator, sampler, warnings };
    if arguments.draw.is_some() || arguments.rerun.is_some() {
        // where the points were measured, also of a camera with distortion
        let measured = Scene::open(&arguments.file, kind, CameraSet::default())?.pair(index)?;
        report.save_pictures(&measured)?;
    }
    if arguments.json { print_json(&report.json()) } else { print(&report.text()?) }
}

/// The error, with what to do about it where matches do not fit the model.
fn advise(error: Error, kind: ModelKind) -> anyhow::Error {
    match error {
        Error::MissingInput { .. } => anyhow!("{error}: {}", hint(kind)),
        error => error.into(),
    }
}

/// What to do about matches that do not fit the model.
const fn hint(kind: ModelKind) -> &'static str {
    match kind {
        ModelKind::Essential => {
            "give the intrinsics with --camera1 and --camera2 or --cameras, or use --model fundamental"
        }
        ModelKind::Pose => "give 2-D to 3-D matches, and the intrinsics with --camera or --cameras",
        ModelKind::Fundamental | ModelKind::Homography => "give matches of two images, or another --model",
        ModelKind::Rigid => "give matches of two 3-D point sets, or another --model",
    }
}

impl Report<'_> {
    /// What the picture shows of each match of the file.
    fn marks(&self) -> Vec<Mark> {
        let mut marks = vec![Mark::Unused; self.record.matches.len()];
        let inliers = self.outcome.estimate.as_ref().map(|estimate| &estimate.inliers);
        for (place, &index) in self.used.iter().enumerate() {
            let inlier = inliers.is_some_and(|inliers| inliers.get(place) == Some(&true));
            marks[index] = if inlier { Mark::Inlier } else { Mark::Outlier };
        }
        marks
    }

    fn save_pictures(&self, measured: &PairRecord) -> anyhow::Result<()> {
        let (arguments, marks) = (self.arguments, self.marks());
        if let Some(path) = &arguments.draw {
            draw::draw(path, &arguments.images, measured, &marks, title(arguments.model))?;
        }
        #[cfg(feature = "rerun")]
        if let Some(path) = &arguments.rerun {
            let views = crate::cli::plot::views::views(&arguments.images, measured)?;
            let (estimate, report) = (self.outcome.estimate.as_ref(), self.text()?);
            rerun::save(path, &Shown { record: self.record, views: &views, marks: &marks, estimate, report })?;
        }
        Ok(())
    }

    fn json(&self) -> Value {
        let mut report = json!({
            "file": self.arguments.file.to_string_lossy(),
            "pair": self.record.id,
            "model": self.arguments.model,
            "found": self.outcome.estimate.is_some(),
            "matches": self.record.matches.len(),
            "matches_used": self.used.len(),
            "iterations": self.outcome.iterations,
            "confidence": self.outcome.confidence,
            "budget_spent": self.outcome.budget_spent,
            "ms": self.milliseconds,
            "backend": self.estimator.backend(),
            "device": self.estimator.device_name(),
            "seed": self.arguments.options.seed,
            "sampler": self.sampler,
            "settings": self.estimator.options(),
            "warnings": self.warnings,
        });
        if let (Some(estimate), Value::Object(report)) = (&self.outcome.estimate, &mut report) {
            report.extend(json::estimate(estimate));
            let inliers: Vec<bool> = self.marks().iter().map(|&mark| mark == Mark::Inlier).collect();
            report.insert("inliers".to_owned(), json!(inliers));
            let errors = self.errors(estimate).into_iter();
            report.extend(errors.map(|(name, error)| (name.to_owned(), json::number(error))));
        }
        report
    }

    /// By name, where the truth is known.
    fn errors(&self, estimate: &Estimate) -> Vec<(&'static str, f64)> {
        match (&estimate.model, &self.record.truth) {
            (Model::Pose(pose), Some(truth)) => vec![
                ("rotation_error_deg", rotation_error_deg(&pose.rotation, &truth.rotation)),
                ("position_error", position_error(pose, truth)),
            ],
            (model, _) => match TwoViewAccuracy::of(model, &estimate.inliers, &self.record.select(&self.used), &()) {
                Some(accuracy) => vec![
                    ("rotation_error_deg", accuracy.rotation_error_deg),
                    ("translation_error_deg", accuracy.translation_error_deg),
                    ("pose_error_deg", accuracy.pose_error_deg),
                ],
                None => Vec::new(),
            },
        }
    }

    fn text(&self) -> anyhow::Result<String> {
        let mut text = String::new();
        let (used, all) = (self.used.len(), self.record.matches.len());
        let of = if used == all { String::new() } else { format!(" of {all}") };
        let file = self.arguments.file.display();
        writeln!(text, "{file}, pair {}: {} from {used}{of} matches", self.record.id, title(self.arguments.model))?;
        match &self.outcome.estimate {
            None => writeln!(text, "no model found")?,
            Some(estimate) => self.write_estimate(&mut text, estimate)?,
        }
        let device = match self.estimator.backend() {
            Backend::Gpu => self.estimator.device_name(),
            _ => "the CPU".to_owned(),
        };
        let Outcome { iterations, confidence, budget_spent, .. } = self.outcome;
        writeln!(
            text,
            "{iterations} hypotheses in {:.1} ms on {device}, confidence {}",
            self.milliseconds,
            percent(confidence)
        )?;
        if budget_spent && iterations > 0 {
            let asked = percent(self.estimator.options().confidence);
            writeln!(
                text,
                "that is short of {asked}: a better model may have been missed; --max-iterations N draws more"
            )?;
        }
        if let Some(path) = &self.arguments.draw {
            writeln!(text, "drawn: {}", path.display())?;
        }
        if let Some(path) = &self.arguments.rerun {
            writeln!(text, "for the rerun viewer: {}", path.display())?;
        }
        Ok(text)
    }

    fn write_estimate(&self, text: &mut String, estimate: &Estimate) -> anyhow::Result<()> {
        write_model(text, &estimate.model)?;
        let unit = if self.arguments.model == ModelKind::Rigid { "units" } else { "px" };
        let threshold = self.estimator.options().threshold_px;
        writeln!(
            text,
            "{} inliers of {} within {threshold} {unit}, score {:.2}",
            estimate.inlier_count(),
            self.used.len(),
            estimate.score
        )?;
        let errors: Vec<_> = self.errors(estimate).iter().map(|(name, error)| format!("{name} {error:.4}")).collect();
        if !errors.is_empty() {
            writeln!(text, "against the truth: {}", errors.join(", "))?;
        }
        let diagnosis = &estimate.diagnosis;
        if diagnosis.rotation_only {
            writeln!(text, "a rotation alone explains most inliers: the translation is not determined")?;
        } else if diagnosis.planar {
            writeln!(text, "one plane explains most inliers")?;
        }
        if diagnosis.rotation_undetermined {
            writeln!(text, "within the threshold the points lie on one line: the turn about it is not determined")?;
        }
        if let Some((motion, score)) = &diagnosis.second_motion {
            if diagnosis.ambiguous {
                writeln!(
                    text,
                    "ambiguous: another motion explains the matches nearly as well, with score {score:.2}:"
                )?;
                write_pose(text, "x2 ~ R x1 + t", motion)?;
            } else {
                writeln!(text, "another motion comes next, with score {score:.2}")?;
            }
        }
        Ok(())
    }
}

/// Rounded down, so that what is short of a confidence does not look like it.
fn percent(share: f64) -> String {
    format!("{} %", (share * 1e4).floor() / 1e2)
}

const fn title(kind: ModelKind) -> &'static str {
    match kind {
        ModelKind::Essential => "essential matrix",
        ModelKind::Fundamental => "fundamental matrix",
        ModelKind::Homography => "homography",
        ModelKind::Pose => "pose",
        ModelKind::Rigid => "rigid transform",
    }
}

fn write_model(text: &mut String, model: &Model) -> anyhow::Result<()> {
    match model {
        Model::Essential(pose) => {
            write_matrix(text, "E", &pose.essential())?;
            write_pose(text, "x2 ~ R x1 + t", pose)
        }
        Model::Fundamental(f) => write_matrix(text, "F", f),
        Model::Homography(h) => write_matrix(text, "H", h),
        Model::Pose(pose) => write_pose(text, "x_camera = R X_world + t", pose),
        Model::Rigid(pose) => write_pose(text, "X2 = R X1 + t", pose),
    }
}

pub(super) fn write_pose(text: &mut String, convention: &str, pose: &Pose) -> anyhow::Result<()> {
    write_matrix(text, "R", &pose.rotation)?;
    let [x, y, z] = pose.translation.to_array();
    writeln!(text, "t =  {x:13.6} {y:13.6} {z:13.6}    ({convention})")?;
    Ok(())
}

fn write_matrix(text: &mut String, name: &str, m: &DMat3) -> anyhow::Result<()> {
    let lead = format!("{name} = ");
    for (index, [a, b, c]) in m.transpose().to_cols_array_2d().into_iter().enumerate() {
        let lead = if index == 0 { lead.as_str() } else { "    " };
        // Pixel matrices span many powers of ten.
        let row =
            [a, b, c].map(|x| if name == "F" || name == "H" { format!("{x:13.6e}") } else { format!("{x:13.6}") });
        writeln!(text, "{lead} {}", row.join(" "))?;
    }
    Ok(())
}
