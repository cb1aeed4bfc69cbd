//! `cameras.bin` and `images.bin`: numbers little-endian, without gaps.

use super::{Message, RegisteredImage, insert, pose};
use crate::geometry::CameraModel;
use std::collections::BTreeMap;

/// Bytes of a key point: x, y and the id of its point.
const KEY_POINT_BYTES: u64 = 24;

/// The count; of each its id, the number of its model, width, height, and as many parameters as the model has.
pub(super) fn cameras(file: &[u8]) -> Message<BTreeMap<u32, CameraModel>> {
    records(file, "camera", |file| {
        let model = i32::from_le_bytes(file.take()?);
        let size_px = [file.u64()?, file.u64()?];
        let count = CameraModel::parameter_count(model).map_err(|error| error.to_string())?;
        let parameters = (0..count).map(|_| file.f64()).collect::<Message<_>>()?;
        CameraModel::new(model, size_px, parameters).map_err(|error| error.to_string())
    })
}

/// The count; of each its id, the pose, the id of its camera, its name up to a zero, and its key points.
pub(super) fn images(file: &[u8]) -> Message<BTreeMap<u32, RegisteredImage>> {
    records(file, "image", |file| {
        let mut numbers = [0.0; 7];
        for number in &mut numbers {
            *number = file.f64()?;
        }
        let image = RegisteredImage { camera_from_world: pose(numbers)?, camera_id: file.u32()?, name: file.text()? };
        let key_points = file.u64()?;
        file.skip(key_points.saturating_mul(KEY_POINT_BYTES))?;
        Ok(image)
    })
}

fn records<T>(file: &[u8], what: &str, read: impl Fn(&mut Bytes<'_>) -> Message<T>) -> Message<BTreeMap<u32, T>> {
    let mut file = Bytes { rest: file };
    let count = file.u64()?;
    let mut records = BTreeMap::new();
    for place in 0..count {
        let id = file.u32().map_err(|message| format!("{what} {place} of {count}: {message}"))?;
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
