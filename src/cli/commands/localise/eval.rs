//! `nabla-ransac localise eval`: photographs whose poses are known against what a map says of them.

use super::frames::{FrameArgs, PoseArgs, truth_name, truth_of};
use crate::cli::report::bootstrap::{interval_95, mean};
use crate::cli::report::json::number;
use crate::cli::{complain, interrupt, plot::localise_plot, print, print_json, progress};
use crate::data::Frame;
use crate::geometry::accuracy::{median, position_error, rotation_error_deg};
use crate::localise::{GreyImage, Localisation, Localiser, SceneMap};
use crate::parallel::parallel_map;
use crate::{Model, Pose, Result};
use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Map, Value, json};
use std::fmt::Write;
use std::path::PathBuf;
use std::time::Instant;

#[derive(Args, Debug)]
pub(crate) struct EvalArgs {
    /// Folder, or list, of photographs with their poses
    #[arg(value_name = "SCENE")]
    scene: PathBuf,
    /// The map of the scene
    #[arg(long, value_name = "MAP.safetensors")]
    map: PathBuf,
    /// Take the photographs' depth, too, where they have it
    #[arg(long)]
    rgbd: bool,
    /// Inlier threshold where depth is taken, too, in the scene's unit
    #[arg(long, value_name = "LENGTH", requires = "rgbd")]
    threshold_3d: Option<f64>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// Draw the cameras' paths and the errors over time into this PNG file
    #[arg(long, value_name = "FILE.png")]
    plot: Option<PathBuf>,
    /// Write a line for each photograph into this CSV file
    #[arg(long, value_name = "FILE.csv")]
    per_frame: Option<PathBuf>,
    /// Photographs that are localised at a time; 0 takes one a core
    #[arg(long, value_name = "N", default_value_t = 0)]
    threads: usize,
    #[command(flatten)]
    pose: PoseArgs,
    #[command(flatten)]
    frames: FrameArgs,
}

pub(crate) fn run(arguments: &EvalArgs) -> anyhow::Result<()> {
    let map = SceneMap::read(&arguments.map)?;
    let set = arguments.frames.open(&arguments.scene, truth_of(&map))?;
    set.warnings.iter().for_each(|warning| complain(warning));
    let known: Vec<(&Frame, Pose)> =
        set.frames.iter().filter_map(|frame| Some((frame, frame.camera_from_world?))).collect();
    if known.is_empty() {
        let count = set.frames.len();
        bail!("{}: expected photographs with their poses, but none of the {count} has one", arguments.scene.display());
    }
    if arguments.rgbd && !known.iter().any(|(frame, _)| frame.has_depth()) {
        bail!("{}: --rgbd expects photographs with depth, but none has it", arguments.scene.display());
    }
    interrupt::listen()?;
    let localiser = arguments.pose.localiser(map, arguments.threshold_3d)?;
    let bar = progress::bar(known.len() as u64, "photographs");
    let results = parallel_map(arguments.threads, known.len(), |index| {
        if interrupt::is_asked() {
            interrupt::exit("interrupted: nothing is reported");
        }
        let (frame, truth) = &known[index];
        bar.inc(1);
        FrameResult::of(&localiser, frame, truth, arguments)
    });
    bar.finish_and_clear();
    let results = results.into_iter().collect::<Result<Vec<_>>>()?;
    if let Some(path) = &arguments.per_frame {
        std::fs::write(path, per_frame_csv(&results)).with_context(|| path.display().to_string())?;
    }
    let unit = localiser.map().config().unit.clone();
    if let Some(path) = &arguments.plot {
        let drawn: Vec<_> = results.iter().map(FrameResult::drawn).collect();
        localise_plot::draw(path, &drawn, &unit)?;
    }
    let figures = Figures::new(&results);
    if arguments.json {
        let mut report = figures.json();
        report.insert("truth".to_owned(), json!(truth_name(set.truth)));
        report.insert("unit".to_owned(), json!(unit));
        print_json(&Value::Object(report))
    } else {
        print(&figures.text()?)
    }
}

/// What came of a photograph.
struct FrameResult {
    name: String,
    truth: Pose,
    estimate: Option<Pose>,
    position_error: f64,
    rotation_error_deg: f64,
    /// The position error in the standard deviations that the estimator said.
    position_sigmas: Option<f64>,
    inliers: usize,
    confidence: f64,
    milliseconds: f64,
}

impl FrameResult {
    fn of(localiser: &Localiser, frame: &Frame, truth: &Pose, arguments: &EvalArgs) -> Result<Self> {
        let image = frame.image()?;
        let start = Instant::now();
        let found = localised(localiser, frame, &image, arguments)?;
        let milliseconds = start.elapsed().as_secs_f64() * 1e3;
        let Localisation { outcome, confidence, covariance, .. } = found;
        let inliers = outcome.estimate.as_ref().map_or(0, |estimate| estimate.inlier_count());
        let estimate = outcome.estimate.and_then(|estimate| match estimate.model {
            Model::Pose(pose) => Some(pose),
            _ => None,
        });
        let error = |of: &dyn Fn(&Pose) -> f64| estimate.as_ref().map_or(f64::INFINITY, of);
        let position_error = error(&|pose| position_error(pose, truth));
        Ok(Self {
            name: frame.name.clone(),
            truth: *truth,
            position_error,
            rotation_error_deg: error(&|pose| rotation_error_deg(&pose.rotation, &truth.rotation)),
            position_sigmas: covariance.map(|c| position_error / (c[3][3] + c[4][4] + c[5][5]).sqrt()),
            estimate,
            inliers,
            confidence,
            milliseconds,
        })
    }

    fn drawn(&self) -> localise_plot::LocalisedFrame {
        localise_plot::LocalisedFrame { truth: self.truth, estimate: self.estimate }
    }
}

/// By colour, and by depth where that is asked for and there.
fn localised(localiser: &Localiser, frame: &Frame, image: &GreyImage, arguments: &EvalArgs) -> Result<Localisation> {
    let seed = arguments.pose.seed;
    if !arguments.rgbd || !frame.has_depth() {
        return localiser.localise(image, &frame.camera, seed);
    }
    let points = localiser.scene_points(image);
    let depth = frame.depth_points(&points.grid)?.unwrap_or_else(|| vec![None; points.grid.len()]);
    localiser.locate_rgbd(points, &depth, seed)
}

/// A line a photograph, under a header; errors of one without a pose are empty.
fn per_frame_csv(results: &[FrameResult]) -> String {
    let mut text =
        "frame,position_error,rotation_error_deg,position_sigmas,inliers,confidence,milliseconds\n".to_owned();
    let finite = |value: f64| if value.is_finite() { value.to_string() } else { String::new() };
    for result in results {
        let FrameResult { name, position_error, rotation_error_deg, inliers, confidence, milliseconds, .. } = result;
        let sigmas = result.position_sigmas.map_or_else(String::new, finite);
        let [position, rotation] = [*position_error, *rotation_error_deg].map(finite);
        text += &format!("{name},{position},{rotation},{sigmas},{inliers},{confidence},{milliseconds}\n");
    }
    text
}

/// Shares of the photographs with both errors below a limit, by their names: metres and degrees.
const SHARES: [(&str, f64, f64); 3] =
    [("share_5cm_5deg", 0.05, 5.0), ("share_2cm_2deg", 0.02, 2.0), ("share_10cm_5deg", 0.1, 5.0)];

/// Figures over photographs.
struct Figures {
    position_cm: Vec<f64>,
    rotation_deg: Vec<f64>,
    sigmas: Vec<f64>,
    inliers: Vec<f64>,
    milliseconds: Vec<f64>,
    without_pose: usize,
}

impl Figures {
    fn new(results: &[FrameResult]) -> Self {
        let all = |of: &dyn Fn(&FrameResult) -> f64| results.iter().map(of).collect();
        Self {
            position_cm: all(&|result| 100.0 * result.position_error),
            rotation_deg: all(&|result| result.rotation_error_deg),
            sigmas: results.iter().filter_map(|result| result.position_sigmas).collect(),
            inliers: all(&|result| result.inliers as f64),
            milliseconds: all(&|result| result.milliseconds),
            without_pose: results.iter().filter(|result| result.estimate.is_none()).count(),
        }
    }

    /// 1 for each photograph below both limits, else 0.
    fn below(&self, metres: f64, degrees: f64) -> Vec<f64> {
        let errors = self.position_cm.iter().zip(&self.rotation_deg);
        errors.map(|(&cm, &deg)| f64::from(u8::from(cm < 100.0 * metres && deg < degrees))).collect()
    }

    fn json(&self) -> Map<String, Value> {
        let mut report = Map::new();
        let mut put = |name: &str, values: &[f64], statistic: fn(&[f64]) -> f64| {
            report.insert(name.to_owned(), number(statistic(values)));
            let interval = interval_95(values, statistic).map(|ends| ends.map(number));
            report.insert(format!("{name}_ci95"), json!(interval));
        };
        put("median_translation_cm", &self.position_cm, middle);
        put("median_rotation_deg", &self.rotation_deg, middle);
        for (name, metres, degrees) in SHARES {
            put(name, &self.below(metres, degrees), mean);
        }
        let more = [
            ("frames", json!(self.position_cm.len())),
            ("no_pose", json!(self.without_pose)),
            ("median_inliers", number(middle(&self.inliers))),
            ("median_position_sigmas", number(middle(&self.sigmas))),
            ("ms_median", number(middle(&self.milliseconds))),
        ];
        report.extend(more.map(|(name, value)| (name.to_owned(), value)));
        report
    }

    fn text(&self) -> anyhow::Result<String> {
        let mut text = String::new();
        writeln!(text, "{} photographs, {} without a pose", self.position_cm.len(), self.without_pose)?;
        writeln!(text, "median error    {:.2} cm, {:.2}°", middle(&self.position_cm), middle(&self.rotation_deg))?;
        for (name, metres, degrees) in SHARES {
            let below = self.below(metres, degrees);
            let interval = interval_95(&below, mean).map_or_else(String::new, |[low, high]| {
                format!(" (95 % of resamples: {:.0} to {:.0} %)", 100.0 * low, 100.0 * high)
            });
            let _ = name;
            writeln!(text, "within {:.0} cm {degrees}°    {:.1} %{interval}", 100.0 * metres, 100.0 * mean(&below))?;
        }
        let (inliers, ms) = (middle(&self.inliers), middle(&self.milliseconds));
        writeln!(text, "median inliers  {inliers:.0} cells, {ms:.1} ms a photograph")?;
        Ok(text)
    }
}

/// The median; NaN of no values.
fn middle(values: &[f64]) -> f64 {
    median(values).unwrap_or(f64::NAN)
}
