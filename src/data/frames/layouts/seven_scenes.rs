//! 7-Scenes' own layout: sequences of `frame-NNNNNN.color.png`, `.depth.png` and `.pose.txt`.

use super::super::depth::Depth;
use super::super::motion::read_known;
use super::super::{Frame, FrameOptions, FrameSet, Split, Truth, entries, of_file};
use super::{ASSUMED_SAME, only};
use crate::data::{Intrinsics, read_bytes};
use crate::geometry::{Camera, Pose};
use crate::{Error, Result};
use glam::DVec2;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What the data set says of both its cameras.
const STATED: Camera =
    Camera { focal_px: DVec2::splat(585.0), principal_point_px: DVec2::new(320.0, 240.0), skew_px: 0.0 };
const STATED_SIZE_PX: [u32; 2] = [640, 480];
const MILLIMETRE: f64 = 0.001;

const POSE: &str = ".pose.txt";
const DEPTH: &str = ".depth.png";
const COLOR: [&str; 2] = [".color.png", ".color.jpg"];

/// Whether these are sequences, or the frames of one.
pub(super) fn is_in(paths: &[PathBuf]) -> bool {
    !sequences(paths).is_empty() || !stems(paths).is_empty()
}

pub(super) fn open(folder: &Path, inside: &[PathBuf], options: &FrameOptions) -> Result<FrameSet> {
    let truth = only(Some(Truth::DepthSlam), options, folder)?;
    let all = sequences(inside);
    let folders = match options.split {
        Some(split) => of_split(folder, split)?,
        None if all.is_empty() => vec![folder.to_owned()],
        None => all,
    };
    let mut frames = Vec::new();
    for sequence in &folders {
        let prefix = if sequence == folder { String::new() } else { format!("{}/", name(sequence)) };
        for stem in stems(&entries(sequence)?) {
            frames.push(frame(sequence, &stem, &prefix, options)?);
        }
    }
    Ok(FrameSet::of(frames, truth, warnings(options)))
}

fn frame(sequence: &Path, stem: &str, prefix: &str, options: &FrameOptions) -> Result<Frame> {
    let [pose, depth, png, jpg] =
        [POSE, DEPTH, COLOR[0], COLOR[1]].map(|ending| sequence.join(format!("{stem}{ending}")));
    let image = if jpg.is_file() { jpg } else { png };
    let color_from_depth = options.color_from_depth.unwrap_or(Pose::IDENTITY);
    let world_from_depth = if pose.exists() { read_known(&pose)? } else { None };
    let camera_or_stated = |camera: &Option<Intrinsics>| match camera {
        Some(camera) => (camera.clone(), None),
        None => (Intrinsics::Pinhole(STATED), Some(STATED_SIZE_PX)),
    };
    let (camera, size_px) = camera_or_stated(&options.camera);
    let (depth_camera, depth_size_px) = camera_or_stated(&options.depth_camera);
    let depth = depth.exists().then_some(Depth {
        path: depth,
        camera: Some(depth_camera),
        size_px: depth_size_px,
        unit_m: MILLIMETRE,
        color_from_depth,
    });
    let frame = Frame::new(format!("{prefix}{stem}"), image, camera, size_px)?;
    Ok(frame.with_pose(world_from_depth.map(|pose| color_from_depth * pose.inverse())).with_depth(depth))
}

fn warnings(options: &FrameOptions) -> Vec<String> {
    let stated =
        "are those that 7-Scenes states, 585 px and (320, 240); calibrations of its colour camera give about 525 px";
    let cameras = match (&options.camera, &options.depth_camera) {
        (None, None) => Some(format!("the intrinsics of both cameras {stated}")),
        (None, Some(_)) => Some(format!("the intrinsics of the colour camera {stated}")),
        (Some(_), None) => {
            Some("the intrinsics of the depth camera are those that 7-Scenes states, 585 px and (320, 240)".to_owned())
        }
        (Some(_), Some(_)) => None,
    };
    cameras.into_iter().chain(options.color_from_depth.is_none().then(|| ASSUMED_SAME.to_owned())).collect()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn sequences(paths: &[PathBuf]) -> Vec<PathBuf> {
    paths.iter().filter(|path| name(path).starts_with("seq-") && path.is_dir()).cloned().collect()
}

/// The names of the frames, in order: of their images, and of poses whose image is missing.
fn stems(paths: &[PathBuf]) -> BTreeSet<String> {
    let stem = |path: &PathBuf| {
        let name = name(path);
        COLOR.iter().chain([&POSE]).find_map(|ending| name.strip_suffix(ending)).map(str::to_owned)
    };
    paths.iter().filter_map(stem).collect()
}

/// The folders of the sequences that a split lists: `sequence1` a line.
fn of_split(folder: &Path, split: Split) -> Result<Vec<PathBuf>> {
    let path = folder.join(match split {
        Split::Train => "TrainSplit.txt",
        Split::Test => "TestSplit.txt",
    });
    let bytes = read_bytes(&path)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let sequence = |line: &str| -> Result<PathBuf> {
        let digits = line.trim_start_matches(|c: char| !c.is_ascii_digit());
        let number = digits.parse::<u32>();
        let number = of_file(&path, number.map_err(|_| format!("expected lines like sequence1, but one is {line:?}")))?;
        let there = folder.join(format!("seq-{number:02}"));
        if there.is_dir() {
            Ok(there)
        } else {
            Err(Error::file(&there, format!("expected the folder of {line}, but there is none")))
        }
    };
    lines.map(sequence).collect()
}
