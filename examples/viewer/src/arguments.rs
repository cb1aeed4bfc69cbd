//! The command line.

use crate::ending::Ends;
use crate::error::{Error, Result};
use crate::pair::Pair;
use crate::settings::{Display, KINDS, Plan, Sampling, Settings};
use clap::Parser;
use nabla_ransac::data::{CameraSet, Format, PairRecord, Scene, parse_camera};
use nabla_ransac::geometry::Intrinsics;
use nabla_ransac::{ModelKind, Options};
use std::path::PathBuf;

/// What explains most matches of the example, whose cameras nobody knows.
const EXAMPLE_FOCAL_PX: f64 = 600.0;

/// Two photographs and their matches, filtered live by a robust estimator on the GPU.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Arguments {
    /// Matches of two images: .safetensors, .npz or .csv; an example if not given
    file: Option<PathBuf>,
    /// The two photographs
    #[arg(long, value_names = ["A", "B"], num_args = 2, requires = "file")]
    images: Vec<PathBuf>,
    /// Which pair of the file; the first if not given
    #[arg(long, value_name = "ID")]
    pair: Option<String>,
    /// Intrinsics of image 1, pixels: fx,fy,cx,cy
    #[arg(long, value_name = "CAMERA", value_parser = parse_camera, requires = "camera2")]
    camera1: Option<Intrinsics>,
    /// Intrinsics of image 2, pixels
    #[arg(long, value_name = "CAMERA", value_parser = parse_camera, requires = "camera1")]
    camera2: Option<Intrinsics>,
    /// What to estimate: essential, fundamental or homography
    #[arg(long, default_value = "essential", value_parser = parse_kind)]
    model: ModelKind,
    /// How samples are drawn; by the network where one ships for the model
    #[arg(long, value_enum)]
    sampler: Option<Sampling>,
    /// Inlier threshold, pixels
    #[arg(long, value_name = "PX", default_value_t = 1.0)]
    threshold: f64,
    /// Hypotheses drawn at most
    #[arg(long, value_name = "N", default_value_t = 1024)]
    hypotheses: u32,
    /// Use only matches with an SNN ratio below this
    #[arg(long, value_name = "R", default_value_t = 1.0)]
    snn: f32,
    /// Show the second motion of an ambiguous pair
    #[arg(long)]
    second: bool,
    /// Show inliers only
    #[arg(long)]
    only_inliers: bool,
    /// Estimate in every frame, each time from other samples
    #[arg(long)]
    every_frame: bool,
    /// Close after so many frames with an answer, and print as JSON what they show
    #[arg(long, value_name = "N")]
    frames: Option<u32>,
    /// Save a picture of the last of these frames, of the first if they are not given
    #[arg(long, value_name = "FILE.png")]
    screenshot: Option<PathBuf>,
}

/// What the window starts with.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) pair: Pair,
    pub(crate) settings: Settings,
    pub(crate) display: Display,
    pub(crate) ends: Option<Ends>,
}

impl Arguments {
    /// Reads the files.
    pub(crate) fn read(self) -> Result<Start> {
        let pair = self.pair()?;
        let has_ratios = pair.has_ratios();
        let sampling = self.sampler.unwrap_or_else(|| Sampling::best(self.model, has_ratios));
        if !sampling.serves(self.model, has_ratios) {
            return Err(Error::Sampler { sampler: sampling.name(), needed: sampling.needed() });
        }
        let plan = Plan { kind: self.model, sampling, hypotheses: self.hypotheses };
        let settings = Settings {
            plan,
            threshold_px: self.threshold,
            ratio_below: self.snn,
            assumed_focal_px: pair.likely_focal_px,
            seed: 0,
        };
        let sample_ratio_below = self.snn.into();
        Options { threshold_px: self.threshold, sample_ratio_below, ..plan.options() }.check()?;
        pair.check_count(self.model)?;
        let Self { second, only_inliers, every_frame, frames, screenshot, .. } = self;
        let ends = frames.is_some() || screenshot.is_some();
        let ends = ends.then(|| Ends { frames: frames.unwrap_or(1).max(1), screenshot });
        Ok(Start { pair, settings, display: Display { second, only_inliers, every_frame }, ends })
    }

    fn pair(&self) -> Result<Pair> {
        let cameras = CameraSet { camera1: self.camera1.clone(), camera2: self.camera2.clone() };
        // the columns of a CSV file are alike for all models of two images
        let kind = ModelKind::Fundamental;
        let Some(file) = &self.file else { return Pair::of_example(cameras) };
        let scene = Scene::open(file, kind, cameras)?;
        let record = record(&scene, self.pair.as_deref(), &file.display().to_string())?;
        Pair::new(record, &file.display().to_string(), &self.images)
    }
}

fn record(scene: &Scene, id: Option<&str>, file: &str) -> Result<PairRecord> {
    let index = id.map_or(Ok(0), |id| scene.find(id))?;
    if scene.is_empty() { Err(Error::NoPair(file.to_owned())) } else { Ok(scene.pair(index)?) }
}

impl Pair {
    /// The pair that ships with the project, in the program itself.
    fn of_example(cameras: CameraSet) -> Result<Self> {
        let matches = include_bytes!("../../data/leuven.npz");
        let photographs: [&[u8]; 2] =
            [include_bytes!("../../data/leuvenA.jpg"), include_bytes!("../../data/leuvenB.jpg")];
        let scene = Scene::from_bytes(matches.to_vec(), Format::Npz, ModelKind::Fundamental, cameras)?;
        let decoded = ["leuvenA.jpg", "leuvenB.jpg"].into_iter().zip(photographs);
        let decoded = decoded.map(|(name, bytes)| (PathBuf::from(name), image::load_from_memory(bytes)));
        let pair = Self::with_photographs(record(&scene, None, "leuven.npz")?, "leuven.npz", decoded)?;
        Ok(Self { likely_focal_px: EXAMPLE_FOCAL_PX, ..pair })
    }
}

fn parse_kind(text: &str) -> std::result::Result<ModelKind, String> {
    let kind = KINDS.into_iter().find(|kind| kind.name() == text);
    kind.ok_or_else(|| format!("expected one of {}", KINDS.map(ModelKind::name).join(", ")))
}
