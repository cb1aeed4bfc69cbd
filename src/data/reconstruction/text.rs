//! `cameras.txt`, `images.txt` and `points3D.txt`: words parted by blanks; `#` begins a comment line.

use super::{KeyPoint, Message, RegisteredImage, insert, pose};
use crate::geometry::CameraModel;
use glam::{DVec2, DVec3};
use std::collections::BTreeMap;
use std::str::FromStr;

/// `CAMERA_ID MODEL WIDTH HEIGHT PARAMS...`
pub(super) fn cameras(file: &[u8]) -> Message<BTreeMap<u32, CameraModel>> {
    let mut cameras = BTreeMap::new();
    for (number, line) in lines(file)? {
        camera(line)
            .and_then(|(id, camera)| insert(&mut cameras, id, camera))
            .map_err(|message| format!("line {number}: {message}"))?;
    }
    Ok(cameras)
}

/// Two lines an image: `IMAGE_ID QW QX QY QZ TX TY TZ CAMERA_ID NAME`, and its key points, of which there may be none:
/// `X Y POINT3D_ID ...`. A name may have blanks.
pub(super) fn images(file: &[u8]) -> Message<BTreeMap<u32, RegisteredImage>> {
    images_with(file, |image, _| Ok(image))
}

/// The key points of each image that have a point; the others' is -1.
pub(super) fn key_points(file: &[u8]) -> Message<BTreeMap<u32, Vec<KeyPoint>>> {
    images_with(file, |_, line| {
        let mut words = Words { rest: line };
        let mut key_points = Vec::new();
        while !words.rest.trim().is_empty() {
            let pixel = DVec2::new(words.number("X")?, words.number("Y")?);
            let point_id: i64 = words.number("POINT3D_ID")?;
            key_points.extend(u64::try_from(point_id).ok().map(|point_id| KeyPoint { pixel, point_id }));
        }
        Ok(key_points)
    })
}

/// `POINT3D_ID X Y Z R G B ERROR TRACK...`
pub(super) fn points(file: &[u8]) -> Message<BTreeMap<u64, DVec3>> {
    let mut points = BTreeMap::new();
    for (number, line) in lines(file)? {
        point(line)
            .and_then(|(id, point)| insert(&mut points, id, point))
            .map_err(|message| format!("line {number}: {message}"))?;
    }
    Ok(points)
}

fn point(line: &str) -> Message<(u64, DVec3)> {
    let mut words = Words { rest: line };
    Ok((words.number("POINT3D_ID")?, DVec3::new(words.number("X")?, words.number("Y")?, words.number("Z")?)))
}

/// What is made of each image and the line of its key points.
fn images_with<T>(file: &[u8], make: impl Fn(RegisteredImage, &str) -> Message<T>) -> Message<BTreeMap<u32, T>> {
    let mut images = BTreeMap::new();
    let mut lines = all_lines(file)?;
    while let Some((number, line)) = lines.next() {
        if is_nothing(line) {
            continue;
        }
        let (id, image) = image(line).map_err(|message| format!("line {number}: {message}"))?;
        let (key_points_number, key_points) = lines.next().unwrap_or((number + 1, ""));
        let words = key_points.split_ascii_whitespace().count();
        if words % 3 != 0 {
            return Err(format!(
                "line {key_points_number}: expected key points, X Y POINT3D_ID each, but there are {words} words"
            ));
        }
        let made = make(image, key_points).map_err(|message| format!("line {key_points_number}: {message}"))?;
        insert(&mut images, id, made).map_err(|message| format!("line {number}: {message}"))?;
    }
    Ok(images)
}

fn camera(line: &str) -> Message<(u32, CameraModel)> {
    let mut words = Words { rest: line };
    let (id, model) = (words.number("CAMERA_ID")?, words.next("MODEL")?);
    let size_px = [words.number("WIDTH")?, words.number("HEIGHT")?];
    let parameters = words.rest.split_ascii_whitespace().map(|word| number("PARAMS", word)).collect::<Message<_>>()?;
    let camera = CameraModel::from_name(model, size_px, parameters).map_err(|error| error.to_string())?;
    Ok((id, camera))
}

fn image(line: &str) -> Message<(u32, RegisteredImage)> {
    let mut words = Words { rest: line };
    let id = words.number("IMAGE_ID")?;
    let mut numbers = [0.0; 7];
    for (number, name) in numbers.iter_mut().zip(["QW", "QX", "QY", "QZ", "TX", "TY", "TZ"]) {
        *number = words.number(name)?;
    }
    let (camera_id, name) = (words.number("CAMERA_ID")?, words.rest.trim());
    if name.is_empty() {
        return Err("expected NAME, but the line ends".to_owned());
    }
    Ok((id, RegisteredImage { name: name.to_owned(), camera_id, camera_from_world: pose(numbers)? }))
}

/// Every line, with its number from 1.
fn all_lines(file: &[u8]) -> Message<impl Iterator<Item = (usize, &str)>> {
    let text = std::str::from_utf8(file).map_err(|error| format!("expected text in UTF-8: {error}"))?;
    Ok((1..).zip(text.lines()))
}

/// The lines that say something.
fn lines(file: &[u8]) -> Message<impl Iterator<Item = (usize, &str)>> {
    Ok(all_lines(file)?.filter(|(_, line)| !is_nothing(line)))
}

fn is_nothing(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with('#')
}

/// What is left of a line.
struct Words<'a> {
    rest: &'a str,
}

impl<'a> Words<'a> {
    fn next(&mut self, what: &str) -> Message<&'a str> {
        let line = self.rest.trim_ascii_start();
        let (word, rest) = line.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((line, ""));
        self.rest = rest;
        if word.is_empty() { Err(format!("expected {what}, but the line ends")) } else { Ok(word) }
    }

    fn number<T: FromStr>(&mut self, what: &str) -> Message<T> {
        number(what, self.next(what)?)
    }
}

fn number<T: FromStr>(what: &str, word: &str) -> Message<T> {
    word.parse().map_err(|_| format!("expected {what}, a number, but it is {word:?}"))
}
