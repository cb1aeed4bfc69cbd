//! The layouts of folders, a file each.

mod colmap;
mod images;
mod list;
mod poses_json;
mod seven_scenes;

use super::{FrameOptions, FrameSet, Truth, entries};
use crate::{Error, Result};
use std::path::Path;

/// What is said where nothing tells where the colour camera is.
const ASSUMED_SAME: &str = "where the colour camera is from the depth camera is not known, and both are taken for one: what is off by some centimetres would be better with color_from_depth";

/// Opens a folder by what is in it.
pub(super) fn open(path: &Path, options: &FrameOptions) -> Result<FrameSet> {
    if path.is_file() {
        return if list::is_list(path) { list::open(path, options) } else { images::open(&[path.to_owned()], options) };
    }
    let inside = entries(path)?;
    let has = |name: &str| path.join(name).is_file();
    if let Some(model) = colmap::model(path, options) {
        colmap::open(path, &model, options)
    } else if has(list::FILE) {
        list::open(&path.join(list::FILE), options)
    } else if has(poses_json::FILE) {
        poses_json::open(path, options)
    } else if seven_scenes::is_in(&inside) {
        seven_scenes::open(path, &inside, options)
    } else {
        match images::among(inside) {
            images if images.is_empty() => Err(Error::file(path, expected())),
            images => images::open(&images, options),
        }
    }
}

fn expected() -> String {
    let (list, json) = (list::FILE, poses_json::FILE);
    format!(
        "expected posed images ({list}, {json}, a COLMAP model in sparse/0, or frame-000000.color.png and .pose.txt in seq-01), or images alone, but there are none"
    )
}

/// The poses of a layout that has but one kind.
fn only(truth: Option<Truth>, options: &FrameOptions, path: &Path) -> Result<Option<Truth>> {
    match options.truth {
        Some(asked) if Some(asked) != truth => {
            let there =
                truth.map_or_else(|| "does not say which they are".to_owned(), |truth| format!("has {truth:?} alone"));
            Err(Error::file(path, format!("expected poses by {asked:?}, but this layout {there}")))
        }
        _ => Ok(truth),
    }
}
