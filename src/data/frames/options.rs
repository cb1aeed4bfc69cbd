use crate::data::Intrinsics;
use crate::geometry::Pose;
use std::path::PathBuf;

/// What is known of photographs beside their folder. What is given here goes before what the folder says.
#[derive(Clone, Debug, Default)]
pub struct FrameOptions {
    /// Which poses to take of a folder with both; structure from motion's where nothing is said.
    pub truth: Option<Truth>,
    /// Which sequences to take of a folder as of 7-Scenes; all where nothing is said.
    pub split: Option<Split>,
    /// The camera of all images, at the size that they are stored in.
    pub camera: Option<Intrinsics>,
    /// The depth camera, at the size that depth is stored in.
    pub depth_camera: Option<Intrinsics>,
    /// From points of the depth camera to those of the colour camera, metres.
    pub color_from_depth: Option<Pose>,
    /// The folder of the COLMAP reconstruction of the images.
    pub colmap_model: Option<PathBuf>,
}

/// Where the poses of RGB-D frames come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// Structure from motion on the colour images.
    Sfm,
    /// The tracker that fused the depth images.
    DepthSlam,
}

/// The part of the sequences of 7-Scenes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// Those of `TrainSplit.txt`.
    Train,
    /// Those of `TestSplit.txt`.
    Test,
}
