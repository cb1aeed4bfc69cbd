//! Images alone: all of one camera, which is given.

use super::super::{Frame, FrameOptions, FrameSet};
use crate::{Error, Result};
use std::path::{Path, PathBuf};

/// The endings of what can be read.
const ENDINGS: [&str; 3] = ["jpg", "jpeg", "png"];

pub(super) fn among(mut paths: Vec<PathBuf>) -> Vec<PathBuf> {
    paths.retain(|path| is_image(path));
    paths
}

fn is_image(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    ENDINGS.contains(&&*ending)
}

pub(super) fn open(images: &[PathBuf], options: &FrameOptions) -> Result<FrameSet> {
    let camera = options.camera.as_ref();
    let camera = camera.ok_or(Error::MissingInput { option: "a list of images alone", missing: "camera" })?;
    let frame = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Frame::new(name, path.clone(), camera.clone(), None)
    };
    let frames = images.iter().map(frame).collect::<Result<_>>()?;
    // that they have no pose is what they are for
    Ok(FrameSet { name: String::new(), frames, truth: None, warnings: Vec::new() })
}
