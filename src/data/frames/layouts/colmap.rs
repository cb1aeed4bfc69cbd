//! A COLMAP reconstruction beside a folder of its images.

use super::super::{Frame, FrameOptions, FrameSet, Truth};
use super::only;
use crate::data::{Intrinsics, Reconstruction, RegisteredImage, SeenPoint, TOP_LEFT_PX};
use crate::geometry::CameraModel;
use crate::{Error, Result};
use glam::DVec2;
use std::path::{Path, PathBuf};

/// Where the model may be.
const FOLDERS: [&str; 3] = ["sparse/0", "sparse", "."];

/// The folder of the model, where one is given or there.
pub(super) fn model(folder: &Path, options: &FrameOptions) -> Option<PathBuf> {
    let there = FOLDERS.iter().map(|inside| folder.join(inside)).find(|folder| Reconstruction::is_in(folder));
    options.colmap_model.clone().or(there)
}

pub(super) fn open(folder: &Path, model: &Path, options: &FrameOptions) -> Result<FrameSet> {
    let truth = only(Some(Truth::Sfm), options, folder)?;
    let reconstruction = Reconstruction::read(model)?;
    let mut points = Reconstruction::read_points(model)?;
    let images = Some(folder.join("images")).filter(|images| images.is_dir()).unwrap_or_else(|| folder.to_owned());
    let frame = |(id, image): (&u32, &RegisteredImage)| {
        let Some(camera) = reconstruction.cameras.get(&image.camera_id) else {
            return Err(Error::file(model, format!("image {id}: expected a camera {}", image.camera_id)));
        };
        let (camera, size_px) = match &options.camera {
            Some(camera) => (camera.clone(), None),
            None => (Intrinsics::Model(camera.shifted(DVec2::splat(-TOP_LEFT_PX))), Some(size(camera, model)?)),
        };
        let mut points = points.remove(id).unwrap_or_default();
        points.iter_mut().for_each(|SeenPoint { pixel, .. }| *pixel -= TOP_LEFT_PX);
        let frame = Frame::new(image.name.clone(), images.join(&image.name), camera, size_px)?;
        Ok(frame.with_pose(Some(image.camera_from_world)).with_points(points))
    };
    let mut frames = reconstruction.images.iter().map(frame).collect::<Result<Vec<_>>>()?;
    frames.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(FrameSet::of(frames, truth, Vec::new()))
}

fn size(camera: &CameraModel, model: &Path) -> Result<[u32; 2]> {
    let [width, height] = camera.size_px;
    let sides = [width, height].map(|side| u32::try_from(side).ok().filter(|&side| side > 0));
    let [Some(width), Some(height)] = sides else {
        let message = format!("expected a camera with the size of its images, but it is {width}x{height}");
        return Err(Error::file(model, message));
    };
    Ok([width, height])
}
