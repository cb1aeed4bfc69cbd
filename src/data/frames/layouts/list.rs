//! A list of files: `frames.csv`, with a header.

use super::super::depth::Depth;
use super::super::{Frame, FrameOptions, FrameSet, of_file};
use super::{ASSUMED_SAME, only};
use crate::Result;
use crate::data::formats::array::Message;
use crate::data::reconstruction::pose;
use crate::data::{Intrinsics, parse_camera, read_bytes};
use crate::geometry::Pose;
use ::csv::{ReaderBuilder, StringRecord, Trim};
use std::path::Path;

pub(super) const FILE: &str = "frames.csv";
const MILLIMETRE: f64 = 0.001;

const CAMERA: [&str; 4] = ["fx", "fy", "cx", "cy"];
const POSE: [&str; 7] = ["qw", "qx", "qy", "qz", "tx", "ty", "tz"];
const DEPTH_CAMERA: [&str; 4] = ["depth_fx", "depth_fy", "depth_cx", "depth_cy"];

pub(super) fn is_list(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"))
}

pub(super) fn open(path: &Path, options: &FrameOptions) -> Result<FrameSet> {
    let truth = only(None, options, path)?;
    let bytes = read_bytes(path)?;
    let (header, lines) = of_file(path, parse(&bytes))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut assumed_same = false;
    let frame = |(number, fields): &(u64, StringRecord)| {
        let line = Line { header: &header, fields };
        let read = line.read(folder, options);
        let Read { image, camera, camera_from_world, depth } =
            of_file(path, read.map_err(|message| format!("line {number}: {message}")))?;
        if let Some(depth) = &depth {
            assumed_same |= depth.camera.is_some() && options.color_from_depth.is_none();
            if !depth.path.exists() {
                let message = format!("expected the depth image of line {number}, but there is no such file");
                return of_file(&depth.path, Err(message));
            }
        }
        let frame = Frame::new(image.to_owned(), folder.join(image), camera, None)?;
        Ok(frame.with_pose(camera_from_world).with_depth(depth))
    };
    let frames = lines.iter().map(frame).collect::<Result<_>>()?;
    let warnings = assumed_same.then(|| ASSUMED_SAME.to_owned());
    Ok(FrameSet::of(frames, truth, warnings.into_iter().collect()))
}

/// The header, and the lines with their numbers.
fn parse(bytes: &[u8]) -> Message<(StringRecord, Vec<(u64, StringRecord)>)> {
    let mut reader = ReaderBuilder::new().trim(Trim::All).comment(Some(b'#')).from_reader(bytes);
    let header = reader.headers().map_err(|error| format!("expected CSV: {error}"))?.clone();
    if !header.iter().any(|column| column == "image") {
        let columns = ["image"].into_iter().chain(CAMERA).chain(POSE).collect::<Vec<_>>().join(",");
        let found = header.iter().collect::<Vec<_>>().join(",");
        return Err(format!("expected the columns {columns}, but the header is {found:?}"));
    }
    let line = |line: csv::Result<StringRecord>| {
        let line = line.map_err(|error| format!("expected CSV: {error}"))?;
        Ok((line.position().map_or(0, csv::Position::line), line))
    };
    Ok((header, reader.records().map(line).collect::<Message<_>>()?))
}

/// What a line says.
struct Read<'a> {
    image: &'a str,
    camera: Intrinsics,
    camera_from_world: Option<Pose>,
    depth: Option<Depth>,
}

struct Line<'a> {
    header: &'a StringRecord,
    fields: &'a StringRecord,
}

impl<'a> Line<'a> {
    fn read(&self, folder: &Path, options: &FrameOptions) -> Message<Read<'a>> {
        let image = self.text("image").ok_or("expected the name of an image, but it is empty")?;
        let own = || -> Message<Intrinsics> {
            let of_model = self.text("camera").map(parse_camera).transpose()?;
            let of_columns = || self.camera(CAMERA);
            let camera = of_model.map_or_else(of_columns, |camera| Ok(Some(camera)))?;
            camera.ok_or_else(|| format!("expected {} or a camera, but they are empty", CAMERA.join(",")))
        };
        let camera = options.camera.clone().map_or_else(own, Ok)?;
        let depth = self.text("depth").map(|name| self.depth(folder, name, options)).transpose()?;
        Ok(Read { image, camera, camera_from_world: self.pose()?, depth })
    }

    /// `None` where the fields say that it is not known: empty, or numbers that are not finite.
    fn pose(&self) -> Message<Option<Pose>> {
        self.numbers(POSE)?.filter(|numbers| numbers.iter().all(|x| x.is_finite())).map(pose).transpose()
    }

    fn depth(&self, folder: &Path, name: &str, options: &FrameOptions) -> Message<Depth> {
        let unit_m = self.numbers(["depth_unit_m"])?.map_or(MILLIMETRE, |[unit_m]| unit_m);
        if !(unit_m.is_finite() && unit_m > 0.0) {
            return Err(format!("expected a depth_unit_m above 0, but it is {unit_m}"));
        }
        Ok(Depth {
            path: folder.join(name),
            camera: options.depth_camera.clone().map_or_else(|| self.camera(DEPTH_CAMERA), |given| Ok(Some(given)))?,
            size_px: None,
            unit_m,
            color_from_depth: options.color_from_depth.unwrap_or(Pose::IDENTITY),
        })
    }

    fn camera(&self, columns: [&str; 4]) -> Message<Option<Intrinsics>> {
        let Some(numbers) = self.numbers(columns)? else { return Ok(None) };
        parse_camera(&numbers.map(|number| number.to_string()).join(",")).map(Some)
    }

    /// The numbers of these columns; `None` where all are empty.
    fn numbers<const N: usize>(&self, columns: [&str; N]) -> Message<Option<[f64; N]>> {
        let texts = columns.map(|column| self.text(column));
        if texts.iter().all(Option::is_none) {
            return Ok(None);
        }
        let mut numbers = [0.0; N];
        for ((number, text), column) in numbers.iter_mut().zip(texts).zip(columns) {
            let text = text.unwrap_or_default();
            *number = text.parse().map_err(|_| format!("expected {column}, a number, but it is {text:?}"))?;
        }
        Ok(Some(numbers))
    }

    /// The text of a column; `None` where it is empty or there is no such column.
    fn text(&self, column: &str) -> Option<&'a str> {
        let place = self.header.iter().position(|there| there == column)?;
        self.fields.get(place).filter(|text| !text.is_empty())
    }
}
