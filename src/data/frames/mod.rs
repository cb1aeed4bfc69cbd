//! Photographs whose camera, and often pose and depth, are known: what localisation in a scene is trained on and tried with.
//!
//! `docs/data-formats.md` describes the layouts of folders. Whatever their conventions, here pixels have the centre of the top-left one at
//! (0, 0), poses are those of the colour camera, camera_from_world, with rotations that are orthonormal, and depth is metres along the axis.

mod depth;
mod frame;
mod layouts;
mod motion;
mod options;
mod picture;

pub use depth::DEPTH_LIMIT_M;
pub use frame::Frame;
pub use motion::read_motion;
pub use options::{FrameOptions, Split, Truth};
pub use picture::MAX_PIXELS;

use super::formats::array::Message;
use crate::localise::GreyImage;
use crate::{Error, Result};
use std::path::{Path, PathBuf};

/// The photographs of a scene.
#[derive(Clone, Debug)]
pub struct FrameSet {
    /// The folder's name.
    pub name: String,
    /// In the order of the layout: at least one.
    pub frames: Vec<Frame>,
    /// Which poses they have, where the layout has more than one.
    pub truth: Option<Truth>,
    /// What is taken for granted, and what is missing.
    pub warnings: Vec<String>,
}

impl FrameSet {
    /// Finds the photographs of a folder, of a list `.csv`, or the one of an image file. Pixels are read when asked for.
    ///
    /// # Errors
    /// [`Error::File`]: the folder has none of the layouts, a file is not what it should be, or an image that is named is not there;
    /// [`Error::MissingInput`] where the cameras are not known and none is given.
    pub fn open(path: &Path, options: &FrameOptions) -> Result<Self> {
        let mut set = layouts::open(path, options)?;
        set.name =
            path.file_stem().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
        if set.frames.is_empty() {
            return Err(Error::file(path, "expected at least one image, but there is none"));
        }
        Ok(set)
    }

    /// Without a name yet; says how many have no pose or, where some have, no depth.
    fn of(frames: Vec<Frame>, truth: Option<Truth>, mut warnings: Vec<String>) -> Self {
        let count = frames.len();
        let mut say = |without: usize, what: &str| {
            if without > 0 {
                warnings.push(format!("{without} of {count} frames have no {what}"));
            }
        };
        say(frames.iter().filter(|frame| frame.camera_from_world.is_none()).count(), "pose");
        let without = frames.iter().filter(|frame| !frame.has_depth()).count();
        say(if without < count { without } else { 0 }, "depth image");
        Self { name: String::new(), frames, truth, warnings }
    }
}

/// Reads an image file as grey, as [`Frame::image`] does.
///
/// # Errors
/// [`Error::File`]: it cannot be read, or is no image.
pub fn read_grey(path: &Path) -> Result<GreyImage> {
    picture::grey(path)
}

/// What is in a folder, by name.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = || -> std::io::Result<Vec<PathBuf>> {
        let entries = std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
        entries.collect()
    };
    let mut paths = read().map_err(|error| Error::file(folder, error))?;
    paths.sort();
    Ok(paths)
}

/// With the file that a message is about.
fn of_file<T>(path: &Path, message: Message<T>) -> Result<T> {
    message.map_err(|message| Error::file(path, message))
}
