//! COLMAP's reconstructions: the cameras, the images with their poses, and the points that each sees.

mod binary;
mod points;
mod text;

use super::read_bytes;
use crate::geometry::{CameraModel, Pose};
use crate::{Error, Result};
use glam::{DMat3, DQuat, DVec3};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use points::KeyPoint;
pub use points::SeenPoint;

/// Where COLMAP has the centre of the top-left pixel; elsewhere in this crate it is at 0.
pub const TOP_LEFT_PX: f64 = 0.5;

/// What a reader has of a file, or what was expected and what came.
type Message<T> = std::result::Result<T, String>;

/// Cameras and images of a reconstruction, by their ids.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reconstruction {
    /// The cameras, pixels as COLMAP has them.
    pub cameras: BTreeMap<u32, CameraModel>,
    /// The images that are registered; the camera of each is among the above.
    pub images: BTreeMap<u32, RegisteredImage>,
}

/// An image whose pose is known.
#[derive(Clone, Debug, PartialEq)]
pub struct RegisteredImage {
    /// Its path in the folder of images.
    pub name: String,
    /// Which camera took it.
    pub camera_id: u32,
    /// Its pose.
    pub camera_from_world: Pose,
}

/// How the files of a reconstruction are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReconstructionFormat {
    /// `cameras.bin` and `images.bin`.
    Binary,
    /// `cameras.txt` and `images.txt`.
    Text,
}

impl ReconstructionFormat {
    /// The format of the files in a folder, binary where there are both.
    fn of(folder: &Path) -> Result<Self> {
        let is_there = |format: &Self| format.path(folder, "cameras").exists();
        [Self::Binary, Self::Text].into_iter().find(is_there).ok_or_else(|| {
            Error::file(folder, "expected a reconstruction, cameras.bin and images.bin or .txt, but there is none")
        })
    }

    fn path(self, folder: &Path, name: &str) -> PathBuf {
        let ending = match self {
            Self::Binary => "bin",
            Self::Text => "txt",
        };
        folder.join(name).with_extension(ending)
    }
}

impl Reconstruction {
    /// Whether a folder has one.
    pub fn is_in(folder: &Path) -> bool {
        ReconstructionFormat::of(folder).is_ok()
    }

    /// Reads the cameras and images of a folder, binary where there are both. Whatever else is there, rigs and frames since COLMAP 3.12
    /// among it, adds nothing to them.
    ///
    /// # Errors
    /// [`Error::File`]: there is no reconstruction, a file cannot be read or is not what it should be.
    pub fn read(folder: &Path) -> Result<Self> {
        let format = ReconstructionFormat::of(folder)?;
        let [cameras, images] = ["cameras", "images"].map(|name| format.path(folder, name));
        let read = Self::parse(format, &read_bytes(&cameras)?, &read_bytes(&images)?);
        read.map_err(|(of_images, message)| Error::file(if of_images { &images } else { &cameras }, message))
    }

    /// The content of both files that is in memory already.
    ///
    /// # Errors
    /// [`Error::File`]: one is not what it should be.
    pub fn from_bytes(format: ReconstructionFormat, cameras: &[u8], images: &[u8]) -> Result<Self> {
        let name = |of_images| if of_images { "images" } else { "cameras" };
        Self::parse(format, cameras, images)
            .map_err(|(of_images, message)| Error::file(Path::new(name(of_images)), message))
    }

    /// With an error whether it is that of the images.
    fn parse(format: ReconstructionFormat, cameras: &[u8], images: &[u8]) -> std::result::Result<Self, (bool, String)> {
        let (read_cameras, read_images) = match format {
            ReconstructionFormat::Binary => (binary::cameras(cameras), binary::images(images)),
            ReconstructionFormat::Text => (text::cameras(cameras), text::images(images)),
        };
        let cameras = read_cameras.map_err(|message| (false, message))?;
        let images = read_images.map_err(|message| (true, message))?;
        match images.iter().find(|(_, image)| !cameras.contains_key(&image.camera_id)) {
            Some((id, image)) => {
                Err((true, format!("image {id}: expected one of the cameras, but its camera is {}", image.camera_id)))
            }
            None => Ok(Self { cameras, images }),
        }
    }
}

/// A pose by a quaternion (w, x, y, z), of any length but 0, and a translation.
pub(super) fn pose([w, x, y, z, tx, ty, tz]: [f64; 7]) -> Message<Pose> {
    let quaternion = DQuat::from_xyzw(x, y, z, w);
    let translation = DVec3::new(tx, ty, tz);
    let length = quaternion.length();
    if !(length.is_normal() && translation.is_finite()) {
        return Err(format!("expected a quaternion and a translation, but they are {w} {x} {y} {z} and {translation}"));
    }
    Ok(Pose { rotation: DMat3::from_quat(quaternion / length), translation })
}

/// Puts what an id stands for into the map, once.
fn insert<Id: Ord, T>(map: &mut BTreeMap<Id, T>, id: Id, value: T) -> Message<()> {
    match map.insert(id, value) {
        None => Ok(()),
        Some(_) => Err("expected each id once, but this one was there already".to_owned()),
    }
}
