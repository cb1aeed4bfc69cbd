//! What the commands are given photographs and cameras by.

use super::build::encoder;
use crate::data::{FrameOptions, FrameSet, Intrinsics, Split, Truth, parse_camera, read_motion};
use crate::localise::{LocaliseOptions, Localiser, SceneMap};
use crate::{Backend, Options};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

/// What is known of photographs beside their folder.
#[derive(Args, Debug)]
#[command(next_help_heading = "Photographs (docs/data-formats.md has the layouts)")]
pub(super) struct FrameArgs {
    /// Which poses to take of a folder that has both
    #[arg(long, value_enum)]
    pub(super) truth: Option<TruthArg>,
    /// Which sequences to take of a folder as of 7-Scenes
    #[arg(long, value_enum)]
    split: Option<SplitArg>,
    /// Camera of all photographs, at the size that they are stored in: fx,fy,cx,cy or MODEL:params
    #[arg(long, value_name = "CAMERA", value_parser = parse_camera)]
    pub(super) camera: Option<Intrinsics>,
    /// Depth camera, at the size that depth is stored in
    #[arg(long, value_name = "CAMERA", value_parser = parse_camera)]
    depth_camera: Option<Intrinsics>,
    /// Text file of the 4x4 motion from the depth camera to the colour camera, metres
    #[arg(long, value_name = "FILE")]
    color_from_depth: Option<PathBuf>,
    /// Folder of the COLMAP reconstruction of the photographs
    #[arg(long, value_name = "DIR")]
    colmap_model: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TruthArg {
    /// Structure from motion on the colour images
    Sfm,
    /// The tracker that fused the depth images
    Depthslam,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SplitArg {
    /// Those of TrainSplit.txt
    Train,
    /// Those of TestSplit.txt
    Test,
}

impl FrameArgs {
    /// The photographs; where nothing is said of the poses, `usual` is taken.
    pub(super) fn open(&self, folder: &Path, usual: Option<Truth>) -> anyhow::Result<FrameSet> {
        let truth = self.truth.map(|truth| match truth {
            TruthArg::Sfm => Truth::Sfm,
            TruthArg::Depthslam => Truth::DepthSlam,
        });
        let split = self.split.map(|split| match split {
            SplitArg::Train => Split::Train,
            SplitArg::Test => Split::Test,
        });
        let options = FrameOptions {
            truth: truth.or(usual),
            split,
            camera: self.camera.clone(),
            depth_camera: self.depth_camera.clone(),
            color_from_depth: self.color_from_depth.as_deref().map(read_motion).transpose()?,
            colmap_model: self.colmap_model.clone(),
        };
        Ok(FrameSet::open(folder, &options)?)
    }
}

/// The name of poses in files and reports.
pub(super) fn truth_name(truth: Option<Truth>) -> Option<&'static str> {
    truth.map(|truth| match truth {
        Truth::Sfm => "sfm",
        Truth::DepthSlam => "depthslam",
    })
}

/// The poses that a map was made from.
pub(super) fn truth_of(map: &SceneMap) -> Option<Truth> {
    match map.record().get("truth")?.as_str()? {
        "sfm" => Some(Truth::Sfm),
        "depthslam" => Some(Truth::DepthSlam),
        _ => None,
    }
}

/// How poses are found.
#[derive(Args, Debug)]
#[command(next_help_heading = "Poses")]
pub(super) struct PoseArgs {
    /// Encoder that the map was made with, where it was
    #[arg(long, value_name = "ENCODER.safetensors")]
    encoder: Option<PathBuf>,
    /// Inlier threshold, pixels of the image at the map's height
    #[arg(long, value_name = "PX")]
    threshold: Option<f64>,
    /// Hypotheses drawn at most
    #[arg(long, value_name = "N")]
    iterations: Option<u32>,
    /// The same seed gives the same pose
    #[arg(long, default_value_t = 0)]
    pub(super) seed: u64,
    /// Where the work runs
    #[arg(long, value_enum, default_value_t = Backend::Auto)]
    backend: Backend,
}

impl PoseArgs {
    /// `threshold_3d` is for photographs with depth.
    pub(super) fn localiser(&self, map: SceneMap, threshold_3d: Option<f64>) -> anyhow::Result<Localiser> {
        let usual = LocaliseOptions::default();
        let threshold_3d = threshold_3d.unwrap_or(usual.threshold_3d);
        let estimator = Options {
            threshold_px: self.threshold.unwrap_or(usual.estimator.threshold_px),
            backend: self.backend,
            threads: 1,
            ..usual.estimator
        };
        let estimator = estimator.with_iterations(None, self.iterations);
        let map = map.with_encoder(encoder(self.encoder.as_deref())?)?;
        Ok(Localiser::new(map, LocaliseOptions { estimator, threshold_3d, ..usual })?)
    }
}
