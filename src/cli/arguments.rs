//! Arguments that subcommands share.

use crate::data::{CameraSet, Intrinsics, parse_camera};
use crate::geometry::EpipolarResidual;
use crate::{Backend, Options, Score};
use anyhow::Context;
use clap::Args;
use std::fs;
use std::path::{Path, PathBuf};

/// Options of the estimator. What is not given here is taken from the options file, else it is the library's default.
#[derive(Args, Debug)]
#[command(next_help_heading = "Estimator")]
pub(super) struct OptionArgs {
    /// TOML file of options, by the names of the library's `Options`; the command line goes before it
    #[arg(long, value_name = "FILE")]
    options: Option<PathBuf>,
    /// Inlier threshold, pixels (rigid: the unit of the points)
    #[arg(long, value_name = "PX", allow_negative_numbers = true)]
    threshold_px: Option<f64>,
    /// Fixed number of hypotheses
    #[arg(long, value_name = "N", allow_negative_numbers = true, conflicts_with_all = ["min_iterations", "max_iterations"])]
    iterations: Option<u32>,
    /// Hypotheses drawn at least
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    min_iterations: Option<u32>,
    /// Hypotheses drawn at most
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    max_iterations: Option<u32>,
    /// Stop once an all-inlier sample was drawn with this probability
    #[arg(long, value_name = "P", allow_negative_numbers = true)]
    confidence: Option<f64>,
    /// Inliers that a model has at least; also, search no longer than one with so many is worth
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    min_inliers: Option<u32>,
    /// Score matches with a higher SNN ratio, but never sample them
    #[arg(long, value_name = "R", allow_negative_numbers = true)]
    sample_ratio_below: Option<f64>,
    /// How models are scored
    #[arg(long, value_enum)]
    score: Option<Score>,
    /// How far a match is from an epipolar geometry
    #[arg(long, value_enum)]
    residual: Option<EpipolarResidual>,
    /// Whether matches of a point to different ones are sampled last and count little, and copies of a match once
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    one_to_one: Option<bool>,
    /// Whether weights, or else ratios, scale each match's part of the score
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) weigh_score: Option<bool>,
    /// Whether weights, or else ratios, scale each match's part of the refinement
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) weigh_refinement: Option<bool>,
    /// Whether the scales and orientations of the key points help to choose among the best models
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    key_points: Option<bool>,
    /// Whether the winner is refined once more, each match weighed by how far its neighbours agree with it
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) coherent: Option<bool>,
    /// Refit on all matches with their weights, without sampling
    #[arg(long)]
    use_all: bool,
    /// Do not look for what the matches leave open: planes, second motions, undetermined rotations
    #[arg(long)]
    no_diagnosis: bool,
    /// Where the work runs: auto never takes a software GPU, gpu takes any
    #[arg(long, value_enum)]
    backend: Option<Backend>,
    /// Threads; 0 takes one a core
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    threads: Option<usize>,
    /// Seed of the samples: the same seed gives the same samples on any machine
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    pub(super) seed: u64,
}

impl OptionArgs {
    /// Defaults, then the file, then the command line.
    pub(super) fn options(&self) -> anyhow::Result<Options> {
        self.options_over(Options::default())
    }

    /// These defaults, then the file, then the command line.
    pub(super) fn options_over(&self, defaults: Options) -> anyhow::Result<Options> {
        let mut options = match &self.options {
            Some(path) => read_over(&defaults, path).with_context(|| path.display().to_string())?,
            None => defaults,
        };
        set(&mut options.threshold_px, self.threshold_px);
        options =
            options.with_iterations(self.min_iterations.or(self.iterations), self.max_iterations.or(self.iterations));
        set(&mut options.confidence, self.confidence);
        set(&mut options.min_inliers, self.min_inliers);
        set(&mut options.sample_ratio_below, self.sample_ratio_below);
        set(&mut options.score, self.score);
        set(&mut options.residual, self.residual);
        set(&mut options.one_to_one, self.one_to_one);
        set(&mut options.weigh_score, self.weigh_score);
        set(&mut options.weigh_refinement, self.weigh_refinement);
        set(&mut options.key_points, self.key_points);
        set(&mut options.coherent, self.coherent);
        options.use_all |= self.use_all;
        options.diagnose &= !self.no_diagnosis;
        set(&mut options.backend, self.backend);
        set(&mut options.threads, self.threads);
        options.check()?;
        Ok(options)
    }
}

/// What a file of options says, and for the rest the defaults.
fn read_over(defaults: &Options, path: &Path) -> anyhow::Result<Options> {
    let mut options = toml::Table::try_from(defaults)?;
    options.extend(fs::read_to_string(path)?.parse::<toml::Table>()?);
    Ok(options.try_into()?)
}

fn set<T>(option: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *option = given;
    }
}

/// How a camera is written.
const CAMERA: &str = "fx,fy,cx,cy[,skew]|MODEL:params";

/// Cameras given beside the file.
#[derive(Args, Debug)]
#[command(
    next_help_heading = "Cameras (where the file has none, or others; the centre of the top-left pixel is 0,0: take 0.5 off COLMAP's cx and cy)"
)]
pub(super) struct CameraArgs {
    /// Intrinsics of image 1, pixels, or one of COLMAP's models: OPENCV:fx,fy,cx,cy,k1,k2,p1,p2
    #[arg(long, value_name = CAMERA, value_parser = parse_camera)]
    camera1: Option<Intrinsics>,
    /// Intrinsics of image 2, pixels
    #[arg(long, value_name = CAMERA, value_parser = parse_camera)]
    camera2: Option<Intrinsics>,
    /// Intrinsics of the one image of a pose, or of both images, pixels
    #[arg(long, value_name = CAMERA, value_parser = parse_camera)]
    camera: Option<Intrinsics>,
    /// TOML file with [camera1] and [camera2], or [camera], of fx, fy, cx, cy or of model, params
    #[arg(long, value_name = "FILE")]
    cameras: Option<PathBuf>,
}

impl CameraArgs {
    /// The command line, then the file.
    pub(super) fn cameras(&self) -> anyhow::Result<CameraSet> {
        let given = CameraSet { camera1: self.camera1.clone(), camera2: self.camera2.clone() };
        let same = self.camera.clone().map(CameraSet::same).unwrap_or_default();
        let file = self.cameras.as_deref().map(CameraSet::read).transpose()?.unwrap_or_default();
        Ok(given.or(same).or(file))
    }
}

/// Most matches that `--snn` leaves.
const MAX_SNN_MATCHES: usize = 2000;

/// The prefilter by SNN ratio.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct FilterArgs {
    /// Use only matches with an SNN ratio below this, the 2000 best at most
    #[arg(long, value_name = "R", allow_negative_numbers = true, value_parser = parse_number)]
    pub(super) snn: Option<f64>,
}

/// A float that is a number.
fn parse_number(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.trim().parse().ok();
    number.filter(|number| !number.is_nan()).ok_or_else(|| "expected a number".to_owned())
}

impl FilterArgs {
    /// Indices of the matches to use, best first where there is a filter; `None` for all. A sample's worth is left where the record
    /// has one.
    pub(super) fn indices(self, record: &crate::data::PairRecord, kind: crate::ModelKind) -> Option<Vec<usize>> {
        match self.snn {
            Some(below) => Some(record.best_by_ratio(below as f32, kind.sample_size(), MAX_SNN_MATCHES)),
            None => record.undistorted.is_some().then(|| record.usable()),
        }
    }
}
