//! `cameras.txt` and `images.txt`: words parted by blanks; `#` begins a comment line.

use super::{Message, RegisteredImage, insert, pose};
use crate::geometry::CameraModel;
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
    let mut images = BTreeMap::new();
    let mut lines = all_lines(file)?;
    while let Some((number, line)) = lines.next() {
        if is_nothing(line) {
            continue;
        }
        image(line)
            .and_then(|(id, image)| insert(&mut images, id, image))
            .map_err(|message| format!("line {number}: {message}"))?;
        if let Some((number, key_points)) = lines.next() {
            let words = key_points.split_ascii_whitespace().count();
            if words % 3 != 0 {
                return Err(format!(
                    "line {number}: expected key points, X Y POINT3D_ID each, but there are {words} words"
                ));
            }
        }
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
