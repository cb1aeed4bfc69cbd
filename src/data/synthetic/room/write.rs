use super::{RenderedView, Room, path};
use crate::geometry::{Camera, Intrinsics, Pose};
use crate::localise::GreyImage;
use crate::parallel::parallel_map;
use crate::write_whole::write_whole;
use crate::{Error, Result};
use glam::{DQuat, DVec2};
use image::{GrayImage, ImageBuffer, ImageFormat, Luma, PixelWithColorType};
use std::fs;
use std::io::Cursor;
use std::ops::{Deref, Range};
use std::path::Path;

/// What is written of a room.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RoomOptions {
    /// Frames to make a map of.
    pub frames: usize,
    /// Frames of the same walk, from some steps later on.
    pub test_frames: usize,
    /// Width and height, pixels.
    pub size_px: [u32; 2],
    /// Of the room, the walk and the noise.
    pub seed: u64,
    /// Threads; 0 takes one a core.
    pub threads: usize,
}

impl Default for RoomOptions {
    fn default() -> Self {
        Self { frames: 120, test_frames: 30, size_px: [320, 240], seed: 0, threads: 0 }
    }
}

/// Frames of the walk between the last one of the map and the first one of the test.
const GAP: usize = 10;
const MILLIMETRES: f32 = 1000.0;

/// A camera for images of this size that sees 60° from the left to the right.
pub fn camera(size_px: [u32; 2]) -> Camera {
    let [width, height] = size_px.map(f64::from);
    let focal_px = DVec2::splat(0.5 * width / 30_f64.to_radians().tan());
    Camera { focal_px, principal_point_px: DVec2::new(width - 1.0, height - 1.0) / 2.0, skew_px: 0.0 }
}

/// Writes the frames of a walk through the room of a seed to the folders `train` and `test`, as lists of posed images with depth that
/// [`FrameSet::open`](crate::data::FrameSet::open) reads.
///
/// # Errors
/// [`Error::File`]: a file or folder cannot be written.
pub fn write_room(folder: &Path, options: &RoomOptions) -> Result<()> {
    let room = Room::new(options.seed);
    let train = 0..options.frames;
    let test = train.end + GAP..train.end + GAP + options.test_frames;
    let poses = path(options.seed, test.end);
    for (name, frames) in [("train", train), ("test", test)] {
        write_frames(&folder.join(name), &room, &poses, frames, options)?;
    }
    Ok(())
}

fn write_frames(folder: &Path, room: &Room, poses: &[Pose], frames: Range<usize>, options: &RoomOptions) -> Result<()> {
    fs::create_dir_all(folder).map_err(|error| Error::file(folder, error))?;
    let camera = camera(options.size_px);
    let write = |index: usize| -> Result<String> {
        let frame = frames.start + index;
        let view = room.render(&Intrinsics::Pinhole(camera), &poses[frame], options.size_px);
        let [image, depth] = ["color", "depth"].map(|kind| format!("{frame:06}.{kind}.png"));
        write_image(&folder.join(&image), &view.photograph(options.seed.wrapping_add(frame as u64)))?;
        write_depth(&folder.join(&depth), &view)?;
        Ok(line(&image, &camera, &poses[frame], &depth))
    };
    let lines: Vec<String> = parallel_map(options.threads, frames.len(), write).into_iter().collect::<Result<_>>()?;
    // the list last: it names what is there
    write_whole(&folder.join("frames.csv"), (HEADER.to_owned() + &lines.concat()).as_bytes())
}

const HEADER: &str = "image,fx,fy,cx,cy,qw,qx,qy,qz,tx,ty,tz,depth\n";

fn line(image: &str, camera: &Camera, camera_from_world: &Pose, depth: &str) -> String {
    let DQuat { x, y, z, w } = DQuat::from_mat3(&camera_from_world.rotation).normalize();
    let [focal, centre] = [camera.focal_px, camera.principal_point_px].map(|pair| pair.to_array());
    let numbers = [&focal[..], &centre, &[w, x, y, z], &camera_from_world.translation.to_array()].concat();
    let numbers: Vec<String> = numbers.iter().map(f64::to_string).collect();
    format!("{image},{},{depth}\n", numbers.join(","))
}

fn write_image(path: &Path, image: &GreyImage) -> Result<()> {
    let levels = image.values.iter().map(|value| (value * 255.0).round() as u8).collect();
    write_png(path, GrayImage::from_raw(image.size_px[0], image.size_px[1], levels))
}

fn write_depth(path: &Path, view: &RenderedView) -> Result<()> {
    let [width, height] = view.image.size_px;
    let depth = view.depth_m.iter().map(|depth| (depth * MILLIMETRES).round() as u16).collect();
    write_png(path, ImageBuffer::<Luma<u16>, Vec<u16>>::from_raw(width, height, depth))
}

fn write_png<P, C>(path: &Path, image: Option<ImageBuffer<P, C>>) -> Result<()>
where
    P: PixelWithColorType,
    [P::Subpixel]: image::EncodableLayout,
    C: Deref<Target = [P::Subpixel]>,
{
    let image = image.ok_or_else(|| Error::file(path, "expected a value for each pixel"))?;
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png).map_err(|error| Error::file(path, error))?;
    write_whole(path, &bytes.into_inner())
}
