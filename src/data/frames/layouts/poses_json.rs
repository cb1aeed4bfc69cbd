//! `poses.json`, with the poses of a depth camera, and `poses_color.json`, with those of the colour camera.

use super::super::depth::Depth;
use super::super::motion::{constant_motion, known_motion};
use super::super::{Frame, FrameOptions, FrameSet, Truth, of_file};
use super::ASSUMED_SAME;
use crate::data::formats::array::Message;
use crate::data::{Intrinsics, read_bytes};
use crate::geometry::Pose;
use crate::{Error, Result};
use glam::DMat3;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::Path;

pub(super) const FILE: &str = "poses.json";
const COLOR_FILE: &str = "poses_color.json";
const MILLIMETRE: f64 = 0.001;

type Rows = Vec<Vec<f64>>;

#[derive(Deserialize)]
struct Poses {
    color_size: [u32; 2],
    #[serde(rename = "K_color")]
    k_color: Rows,
    depth_size: Option<[u32; 2]>,
    #[serde(rename = "K_depth")]
    k_depth: Option<Rows>,
    depth_unit_m: Option<f64>,
    color_from_depth: Option<Rows>,
    frames: Vec<DepthPose>,
}

#[derive(Deserialize)]
struct DepthPose {
    frame: u64,
    #[serde(rename = "T_world_from_camera")]
    world_from_depth: Option<Rows>,
}

#[derive(Default, Deserialize)]
struct ColorPoses {
    #[serde(rename = "K_color_sfm")]
    k_color_sfm: Option<Rows>,
    frames: Vec<ColorPose>,
}

#[derive(Deserialize)]
struct ColorPose {
    frame: u64,
    #[serde(rename = "T_world_from_color_depthslam")]
    depth_slam: Option<Rows>,
    #[serde(rename = "T_world_from_color_sfm")]
    sfm: Option<Rows>,
}

/// The poses of a frame that are known.
struct Known {
    name: String,
    world_from_depth: Option<Pose>,
    world_from_color: Option<Pose>,
    sfm_world_from_color: Option<Pose>,
}

pub(super) fn open(folder: &Path, options: &FrameOptions) -> Result<FrameSet> {
    let [path, color_path] = [FILE, COLOR_FILE].map(|name| folder.join(name));
    let poses: Poses = read_json(&path)?;
    let color: Option<ColorPoses> = color_path.exists().then(|| read_json(&color_path)).transpose()?;
    let truth = options.truth.unwrap_or(if color.is_some() { Truth::Sfm } else { Truth::DepthSlam });
    if truth == Truth::Sfm && color.is_none() {
        return Err(Error::file(&color_path, "expected the poses by structure from motion, but there is no such file"));
    }
    let color = color.unwrap_or_default();
    let known = known_poses(&poses, &color, [&path, &color_path])?;
    let mut warnings = Vec::new();
    let color_from_depth = match options.color_from_depth {
        Some(given) => given,
        None => of_file(&path, color_from_depth(&poses, &known))?.unwrap_or_else(|| {
            warnings.push(ASSUMED_SAME.to_owned());
            Pose::IDENTITY
        }),
    };
    let cameras = of_file(&path, cameras(&poses, &color, truth, options))?;
    let frames = known.iter().map(|known| frame(folder, known, &poses, &cameras, truth, color_from_depth));
    Ok(FrameSet::of(frames.collect::<Result<_>>()?, Some(truth), warnings))
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let name = path.file_name().unwrap_or_default().display();
    let parsed = serde_json::from_slice(&read_bytes(path)?);
    of_file(path, parsed.map_err(|error| format!("expected {name} as docs/data-formats.md has it: {error}")))
}

fn known_poses(poses: &Poses, color: &ColorPoses, [path, color_path]: [&Path; 2]) -> Result<Vec<Known>> {
    let of_color: BTreeMap<u64, &ColorPose> = color.frames.iter().map(|pose| (pose.frame, pose)).collect();
    let pose = |path: &Path, frame: u64, rows: &Option<Rows>| {
        let Some(rows) = rows else { return Ok(None) };
        of_file(path, known_motion(rows).map_err(|message| format!("frame {frame}: {message}")))
    };
    let known = |depth: &DepthPose| {
        let frame = depth.frame;
        let color = of_color.get(&frame);
        Ok(Known {
            name: format!("{frame:06}"),
            world_from_depth: pose(path, frame, &depth.world_from_depth)?,
            world_from_color: color.map_or(Ok(None), |color| pose(color_path, frame, &color.depth_slam))?,
            sfm_world_from_color: color.map_or(Ok(None), |color| pose(color_path, frame, &color.sfm))?,
        })
    };
    poses.frames.iter().map(known).collect()
}

/// What the file says, else what the poses of both cameras say, where there are some.
fn color_from_depth(poses: &Poses, known: &[Known]) -> Message<Option<Pose>> {
    if let Some(rows) = &poses.color_from_depth {
        let motion = known_motion(rows).and_then(|motion| motion.ok_or_else(|| "expected finite numbers".to_owned()));
        return motion.map(Some).map_err(|message| format!("color_from_depth: {message}"));
    }
    let of_both = |known: &'_ Known| Some(known.world_from_color?.inverse() * known.world_from_depth?);
    let motions: Vec<_> = known.iter().filter_map(|known| Some((known.name.as_str(), of_both(known)?))).collect();
    constant_motion(&motions)
}

/// The colour camera, and the depth camera where there is one.
fn cameras(
    poses: &Poses,
    color: &ColorPoses,
    truth: Truth,
    options: &FrameOptions,
) -> Message<(Intrinsics, Option<Intrinsics>)> {
    let sfm = color.k_color_sfm.as_ref().filter(|_| truth == Truth::Sfm);
    let own = sfm.map_or(("K_color", &poses.k_color), |k| ("K_color_sfm", k));
    let color = options.camera.clone().map_or_else(|| camera(own.0, own.1), Ok)?;
    let own = || poses.k_depth.as_ref().map(|k| camera("K_depth", k)).transpose();
    Ok((color, options.depth_camera.clone().map_or_else(own, |given| Ok(Some(given)))?))
}

fn camera(name: &str, rows: &Rows) -> Message<Intrinsics> {
    let of_3 = |row: &Vec<f64>| <[f64; 3]>::try_from(&row[..]).ok();
    let matrix = rows.iter().map(of_3).collect::<Option<Vec<_>>>().and_then(|rows| <[_; 3]>::try_from(rows).ok());
    let matrix = matrix.ok_or_else(|| format!("{name}: expected 3 rows of 3 numbers, but they are {rows:?}"))?;
    Intrinsics::of_matrix(name, &DMat3::from_cols_array_2d(&matrix).transpose()).map(Intrinsics::Pinhole)
}

fn frame(
    folder: &Path,
    known: &Known,
    poses: &Poses,
    (camera, depth_camera): &(Intrinsics, Option<Intrinsics>),
    truth: Truth,
    color_from_depth: Pose,
) -> Result<Frame> {
    let file = |ending: &str| folder.join(format!("{}.{ending}", known.name));
    let [jpg, png] = ["color.jpg", "color.png"].map(file);
    let image = if png.exists() { png } else { jpg };
    let path = Some(file("depth.png")).filter(|path| path.exists());
    let depth = path.zip(depth_camera.clone()).map(|(path, camera)| Depth {
        path,
        camera: Some(camera),
        size_px: poses.depth_size,
        unit_m: poses.depth_unit_m.unwrap_or(MILLIMETRE),
        color_from_depth,
    });
    let derived = || known.world_from_depth.map(|world_from_depth| color_from_depth * world_from_depth.inverse());
    let camera_from_world = match truth {
        Truth::Sfm => known.sfm_world_from_color.as_ref().map(Pose::inverse),
        Truth::DepthSlam => known.world_from_color.as_ref().map(Pose::inverse).or_else(derived),
    };
    let frame = Frame::new(known.name.clone(), image, camera.clone(), Some(poses.color_size))?;
    Ok(frame.with_pose(camera_from_world).with_depth(depth))
}
