use super::{Message, Reconstruction, ReconstructionFormat, binary, text};
use crate::data::read_bytes;
use crate::{Error, Result};
use glam::{DVec2, DVec3};
use std::collections::BTreeMap;
use std::path::Path;

/// A point of the world, and where an image sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeenPoint {
    /// Where it is seen: in a [`Reconstruction`] a pixel as COLMAP has it.
    pub pixel: DVec2,
    /// The point.
    pub world: DVec3,
}

/// A key point that has a point.
pub(super) struct KeyPoint {
    pub(super) pixel: DVec2,
    pub(super) point_id: u64,
}

impl Reconstruction {
    /// The points that each image of a folder's reconstruction sees, by the image's id; none where it has no points.
    ///
    /// # Errors
    /// [`Error::File`]: there is no reconstruction, a file cannot be read or is not what it should be, or an image sees a point that is not
    /// there.
    pub fn read_points(folder: &Path) -> Result<BTreeMap<u32, Vec<SeenPoint>>> {
        let format = ReconstructionFormat::of(folder)?;
        let [images, points] = ["images", "points3D"].map(|name| format.path(folder, name));
        if !points.exists() {
            return Ok(BTreeMap::new());
        }
        let world = read_as(&points, format, [binary::points, text::points])?;
        let key_points = read_as(&images, format, [binary::key_points, text::key_points])?;
        let seen = |(id, key_points): (u32, Vec<KeyPoint>)| Ok((id, look_up(id, &key_points, &world)?));
        key_points.into_iter().map(seen).collect::<Message<_>>().map_err(|message| Error::file(&images, message))
    }
}

/// What a file of either format says.
type Reader<T> = fn(&[u8]) -> Message<T>;

fn read_as<T>(path: &Path, format: ReconstructionFormat, [binary, text]: [Reader<T>; 2]) -> Result<T> {
    let reader = if format == ReconstructionFormat::Binary { binary } else { text };
    reader(&read_bytes(path)?).map_err(|message| Error::file(path, message))
}

fn look_up(image: u32, key_points: &[KeyPoint], world: &BTreeMap<u64, DVec3>) -> Message<Vec<SeenPoint>> {
    let find = |&KeyPoint { pixel, point_id }: &KeyPoint| match world.get(&point_id) {
        Some(&world) if world.is_finite() && pixel.is_finite() => Ok(SeenPoint { pixel, world }),
        Some(world) => Err(format!("image {image}: expected finite numbers, but it sees {world} at {pixel}")),
        None => Err(format!("image {image}: expected a point of points3D, but it sees point {point_id}")),
    };
    key_points.iter().map(find).collect()
}
