//! `nabla-ransac localise train`: the map of a scene.

use super::frames::{FrameArgs, truth_name};
use super::swept::Swept;
use crate::cli::{complain, interrupt, print, progress};
use crate::data::{Frame, FrameSet};
use crate::geometry::CellGrid;
use crate::localise::{Encoder, GreyImage, MapBuilder, MapCamera, MapLayout, MapOptions, SceneMap, working_size_px};
use crate::parallel::parallel_map;
use crate::{Pose, Result};
use anyhow::{Context, bail};
use clap::Args;
use glam::DVec3;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Instant;

#[derive(Args, Debug)]
pub(crate) struct TrainArgs {
    /// Folder, or list, of photographs with their poses
    #[arg(value_name = "SCENE")]
    scene: PathBuf,
    /// The map to write
    #[arg(long, value_name = "MAP.safetensors")]
    out: PathBuf,
    /// Encoder that describes cells in place of gradients, as `nabla-ransac import` writes it
    #[arg(long, value_name = "ENCODER.safetensors")]
    encoder: Option<PathBuf>,
    /// Keys of the map at most, 76 bytes each
    #[arg(long, value_name = "N", default_value_t = MapOptions::default().keys)]
    keys: usize,
    /// Height that photographs are brought to, pixels
    #[arg(long, value_name = "PX", default_value_t = MapOptions::default().height_px)]
    height: u32,
    /// Leave the map as it is built: seconds in place of minutes
    #[arg(long)]
    build_only: bool,
    /// Find depth by matching photographs with each other even where there is depth, or points
    #[arg(long)]
    sweep: bool,
    #[cfg(feature = "train")]
    #[command(flatten)]
    training: super::train::TrainingArgs,
    #[command(flatten)]
    frames: FrameArgs,
}

pub(crate) fn run(arguments: &TrainArgs) -> anyhow::Result<()> {
    #[cfg(feature = "train")]
    if arguments.build_only && arguments.training.has_network() {
        bail!("expected --build-only for a memory: a network knows nothing until it is trained");
    }
    let set = arguments.frames.open(&arguments.scene, None)?;
    set.warnings.iter().for_each(|warning| complain(warning));
    interrupt::listen()?;
    let start = Instant::now();
    let built = Built::new(&set, arguments)?;
    let map = if arguments.build_only { built.memory()? } else { trained(built, arguments)? };
    map.write(&arguments.out)?;
    let bytes = std::fs::metadata(&arguments.out).with_context(|| arguments.out.display().to_string())?.len();
    let what = match map.config().layout {
        MapLayout::Memory { keys } => format!("{keys} keys"),
        _ => format!("{} weights", map.tensors().values().map(|tensor| tensor.values.len()).sum::<usize>()),
    };
    let seconds = start.elapsed().as_secs_f64();
    print(&format!("{}: {what}, {:.2} MB, in {seconds:.1} s\n", arguments.out.display(), bytes as f64 / 1e6))
}

#[cfg(feature = "train")]
fn trained(built: Built<'_>, arguments: &TrainArgs) -> anyhow::Result<SceneMap> {
    super::train::train(built, &arguments.training, &arguments.out)
}

/// The map as it is built from its photographs, which a program with training would go on to train.
#[cfg(not(feature = "train"))]
fn trained(built: Built<'_>, _: &TrainArgs) -> anyhow::Result<SceneMap> {
    complain("the map is built, but not trained: this program was built without --features train");
    built.memory()
}

/// Photographs with camera_from_world.
type Posed<'a> = Vec<(&'a Frame, Pose)>;

/// Frames whose cells are read at a time.
const CHUNK: usize = 32;

/// What a map is made of.
pub(super) struct Built<'a> {
    pub(super) record: Value,
    pub(super) camera: Option<MapCamera>,
    pub(super) cells: MapBuilder,
    #[cfg_attr(not(feature = "train"), expect(dead_code, reason = "a map is trained on them"))]
    pub(super) photographs: Posed<'a>,
}

impl<'a> Built<'a> {
    fn new(set: &'a FrameSet, arguments: &TrainArgs) -> anyhow::Result<Self> {
        let options = MapOptions { keys: arguments.keys, height_px: arguments.height, ..MapOptions::default() };
        let photographs: Posed<'_> =
            (set.frames.iter()).filter_map(|frame| Some((frame, frame.camera_from_world?))).collect();
        if photographs.is_empty() {
            let (scene, count) = (arguments.scene.display(), set.frames.len());
            bail!("{scene}: expected photographs with their poses, but none of the {count} has one");
        }
        let encoder = encoder(arguments.encoder.as_deref())?;
        let builder = |frames| Ok(MapBuilder::new(options, frames)?.with_encoder(encoder));
        let (cells, photographs, swept) = remember(photographs, builder, arguments)?;
        let record = json!({
            "command": std::env::args().collect::<Vec<_>>().join(" "),
            "scene": set.name,
            "truth": truth_name(set.truth),
            "frames": photographs.len(),
            "frames_swept": swept,
            "cells": cells.len(),
            "options": options,
            "version": env!("CARGO_PKG_VERSION"),
        });
        let camera = common_camera(&photographs);
        Ok(Self { record, camera, cells, photographs })
    }

    /// The map that remembers them.
    pub(super) fn memory(&self) -> anyhow::Result<SceneMap> {
        Ok(self.cells.build(UNIT, self.camera.clone(), self.record.clone())?)
    }
}

/// Of the poses that are read.
pub(super) const UNIT: &str = "m";

/// The encoder in a file, else gradients.
pub(super) fn encoder(path: Option<&Path>) -> Result<Encoder> {
    path.map_or_else(|| Ok(Encoder::default()), Encoder::read)
}

/// The cells of the photographs, those photographs that have any, and how many had to be swept for their depth.
fn remember<'a>(
    photographs: Posed<'a>,
    builder: impl FnOnce(usize) -> Result<MapBuilder>,
    arguments: &TrainArgs,
) -> anyhow::Result<(MapBuilder, Posed<'a>, usize)> {
    let mut swept = Swept::new(&photographs, arguments.height, arguments.sweep)?;
    let frames = swept.count();
    let mut builder = builder(photographs.len() - swept.left_out())?;
    let bar = progress::bar(photographs.len() as u64, "photographs");
    let mut used = Vec::new();
    for (number, chunk) in photographs.chunks(CHUNK).enumerate() {
        let first = number * CHUNK;
        let read = parallel_map(0, chunk.len(), |index| {
            let known = !swept.is_for(first + index);
            known.then(|| known_cells(chunk[index].0, arguments.height)).transpose()
        });
        for (index, (cells, photograph)) in read.into_iter().zip(chunk).enumerate() {
            if let Some((image, points)) = cells?.or_else(|| swept.take(first + index)) {
                builder.add(&image, &photograph.1, &points)?;
                used.push(*photograph);
            }
            bar.inc(1);
        }
        if interrupt::is_asked() {
            interrupt::exit("interrupted: no map is written");
        }
    }
    bar.finish_and_clear();
    Ok((builder, used, frames))
}

/// An image at the map's height, and the points of its cells.
pub(super) type Cells = (GreyImage, Vec<Option<DVec3>>);

/// The image at the map's height, and the points that are seen at the centres of its cells, where they are known.
fn known_cells(frame: &Frame, height_px: u32) -> Result<Cells> {
    let image = at_height(frame, height_px)?;
    let grid = CellGrid::new(image.size_px);
    let points = match frame.depth_points(&grid)? {
        Some(points) => points,
        None => frame.seen_points(&grid)?,
    };
    Ok((image, points))
}

/// The image at a height.
pub(super) fn at_height(frame: &Frame, height_px: u32) -> Result<GreyImage> {
    let image = frame.image()?;
    Ok(image.resized(working_size_px(image.size_px, height_px)))
}

/// The camera that all photographs were taken with; `None` where there are several.
fn common_camera(frames: &[(&Frame, Pose)]) -> Option<MapCamera> {
    let (first, _) = frames.first()?;
    let same = |(frame, _): &(&Frame, Pose)| frame.camera == first.camera && frame.size_px == first.size_px;
    if frames.iter().all(same) { MapCamera::of(&first.camera, first.size_px) } else { None }
}
