//! `cameras.bin`, `images.bin` and `points3D.bin`: numbers little-endian, without gaps.

use super::{KeyPoint, Message, RegisteredImage, insert, pose};
use crate::geometry::CameraModel;
use glam::{DVec2, DVec3};
use std::collections::BTreeMap;
use std::fmt::Display;

/// Bytes of a key point: x, y and the id of its point.
const KEY_POINT_BYTES: u64 = 24;
/// Bytes of a point's colour and error, and of an image that sees it.
const COLOUR_AND_ERROR_BYTES: u64 = 11;
const SEEN_BY_BYTES: u64 = 8;

/// The count; of each its id, the number of its model, width, height, and as many parameters as the model has.
pub(super) fn cameras(file: &[u8]) -> Message<BTreeMap<u32, CameraModel>> {
    records(file, "camera", Bytes::u32, |file| {
        let model = i32::from_le_bytes(file.take()?);
        let size_px = [file.u64()?, file.u64()?];
        let count = CameraModel::parameter_count(model).map_err(|error| error.to_string())?;
        let parameters = (0..count).map(|_| file.f64()).collect::<Message<_>>()?;
        CameraModel::new(model, size_px, parameters).map_err(|error| error.to_string())
    })
}

/// The count; of each its id, the pose, the id of its camera, its name up to a zero, and its key points.
pub(super) fn images(file: &[u8]) -> Message<BTreeMap<u32, RegisteredImage>> {
    records(file, "image", Bytes::u32, |file| {
        let image = image(file)?;
        let key_points = file.u64()?;
        file.skip(key_points.saturating_mul(KEY_POINT_BYTES))?;
        Ok(image)
    })
}

/// The key points of each image that have a point: x, y and its id, which is that of no point for the others.
pub(super) fn key_points(file: &[u8]) -> Message<BTreeMap<u32, Vec<KeyPoint>>> {
    records(file, "image", Bytes::u32, |file| {
        image(file)?;
        let mut key_points = Vec::new();
        for _ in 0..file.u64()? {
            let (pixel, point_id) = (DVec2::new(file.f64()?, file.f64()?), file.u64()?);
            key_points.extend((point_id != u64::MAX).then_some(KeyPoint { pixel, point_id }));
        }
        Ok(key_points)
    })
}

/// The count; of each its id, x, y, z, colour, error, and the images that see it.
pub(super) fn points(file: &[u8]) -> Message<BTreeMap<u64, DVec3>> {
    records(file, "point", Bytes::u64, |file| {
        let point = DVec3::new(file.f64()?, file.f64()?, file.f64()?);
        file.skip(COLOUR_AND_ERROR_BYTES)?;
        let images = file.u64()?;
        file.skip(images.saturating_mul(SEEN_BY_BYTES))?;
        Ok(point)
    })
}

fn image(file: &mut Bytes<'_>) -> Message<RegisteredImage> {
    let mut numbers = [0.0; 7];
    for number in &mut numbers {
        *number = file.f64()?;
    }
    Ok(RegisteredImage { camera_from_world: pose(numbers)?, camera_id: file.u32()?, name: file.text()? })
}

fn records<'a, Id: Copy + Display + Ord, T>(
    file: &'a [u8],
    what: &str,
    read_id: impl Fn(&mut Bytes<'a>) -> Message<Id>,
    read: impl Fn(&mut Bytes<'a>) -> Message<T>,
) -> Message<BTreeMap<Id, T>> {
    let mut file = Bytes { rest: file };
    let count = file.u64()?;
    let mut records = BTreeMap::new();
    for place in 0..count {
        let id = read_id(&mut file).map_err(|message| format!("{what} {place} of {count}: {message}"))?;
        read(&mut file)
            .and_then(|record| insert(&mut records, id, record))
            .map_err(|message| format!("{what} {id}: {message}"))?;
    }
    match file.rest.len() {
        0 => Ok(records),
        more => Err(format!("expected {count} {what}s and the end of the file, but {more} bytes follow")),
    }
}

/// What is left of a file.
struct Bytes<'a> {
    rest: &'a [u8],
}

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> Message<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or_else(|| self.ends(N as u64))?;
        self.rest = rest;
        Ok(*bytes)
    }

    fn u32(&mut self) -> Message<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Message<u64> {
        self.take().map(u64::from_le_bytes)
    }

    fn f64(&mut self) -> Message<f64> {
        self.take().map(f64::from_le_bytes)
    }

    fn text(&mut self) -> Message<String> {
        let end = self.rest.iter().position(|&byte| byte == 0);
        let (text, rest) = self.rest.split_at(end.ok_or("expected a name that ends in a zero, but the file ends")?);
        self.rest = rest.get(1..).unwrap_or_default();
        String::from_utf8(text.to_vec()).map_err(|error| format!("expected a name in UTF-8: {error}"))
    }

    fn skip(&mut self, count: u64) -> Message<()> {
        let rest = usize::try_from(count).ok().and_then(|count| self.rest.get(count..));
        self.rest = rest.ok_or_else(|| self.ends(count))?;
        Ok(())
    }

    fn ends(&self, count: u64) -> String {
        format!("expected {count} more bytes, but the file ends after {}", self.rest.len())
    }
}
