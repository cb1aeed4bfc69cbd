//! Matches in a CSV file: a line each, a header or none.

use super::array::Message;
use crate::data::PairRecord;
use crate::geometry::{Matches, ModelKind};
use ::csv::{ReaderBuilder, StringRecord, Trim};
use glam::{DVec2, DVec3};

/// The columns of the matches that a model needs, in the order of a file without a header.
const fn columns(kind: ModelKind) -> &'static [&'static str] {
    match kind {
        ModelKind::Essential | ModelKind::Fundamental | ModelKind::Homography => &["x1", "y1", "x2", "y2"],
        ModelKind::Pose => &["x", "y", "X", "Y", "Z"],
        ModelKind::Rigid => &["X1", "Y1", "Z1", "X2", "Y2", "Z2"],
    }
}

/// Reads the matches for a model; lines that start with `#` are comments.
pub(crate) fn parse(bytes: &[u8], kind: ModelKind) -> Message<PairRecord> {
    let mut reader = ReaderBuilder::new().has_headers(false).trim(Trim::All).comment(Some(b'#')).from_reader(bytes);
    let mut lines = reader.records().map(|line| line.map_err(|error| format!("expected CSV: {error}"))).peekable();
    let columns = columns(kind);
    let first = lines.peek().cloned().transpose()?;
    let layout = match first {
        Some(first) if is_header(&first) => {
            lines.next();
            Layout::of_header(&first, columns)?
        }
        Some(first) => Layout::of_width(first.len(), columns)?,
        None => return Err(format!("expected lines of {}, but the file is empty", columns.join(","))),
    };

    let (mut rows, mut weights, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for (line, fields) in lines.enumerate() {
        let fields = fields?;
        let number = |&place: &usize| {
            let text = fields.get(place).unwrap_or("");
            text.parse::<f64>().map_err(|_| format!("match {line}: expected a number, but it is {text:?}"))
        };
        rows.push(layout.coordinates.iter().map(number).collect::<Message<Vec<f64>>>()?);
        weights.extend(layout.weight.iter().map(number).collect::<Message<Vec<f64>>>()?);
        ratios.extend(layout.ratio.iter().map(number).collect::<Message<Vec<f64>>>()?);
    }
    let mut record = PairRecord::new("0000".to_owned(), matches(kind, &rows));
    record.weights = layout.weight.map(|_| weights.iter().map(|&weight| weight as f32).collect());
    record.ratios = layout.ratio.map(|_| ratios.iter().map(|&ratio| ratio as f32).collect());
    Ok(record)
}

/// Where each number stands in a line.
struct Layout {
    coordinates: Vec<usize>,
    weight: Option<usize>,
    ratio: Option<usize>,
}

impl Layout {
    fn of_header(header: &StringRecord, columns: &[&str]) -> Message<Self> {
        let place = |name: &str| header.iter().position(|there| there == name);
        let missing = |name: &str| {
            let found = header.iter().collect::<Vec<_>>().join(",");
            format!("expected a column {name} ({}), but the header is {found}", columns.join(","))
        };
        let coordinates = columns.iter().map(|&name| place(name).ok_or_else(|| missing(name)));
        Ok(Self { coordinates: coordinates.collect::<Message<_>>()?, weight: place("weight"), ratio: place("ratio") })
    }

    fn of_width(width: usize, columns: &[&str]) -> Message<Self> {
        let count = columns.len();
        if width != count && width != count + 1 {
            return Err(format!("expected {}[,weight] in each line, but there are {width} columns", columns.join(",")));
        }
        Ok(Self { coordinates: (0..count).collect(), weight: (width > count).then_some(count), ratio: None })
    }
}

fn is_header(line: &StringRecord) -> bool {
    line.iter().all(|field| field.parse::<f64>().is_err())
}

fn matches(kind: ModelKind, rows: &[Vec<f64>]) -> Matches {
    let points2d = |at: usize| rows.iter().map(|row| DVec2::from_slice(&row[at..at + 2])).collect();
    let points3d = |at: usize| rows.iter().map(|row| DVec3::from_slice(&row[at..at + 3])).collect();
    match kind {
        ModelKind::Essential | ModelKind::Fundamental | ModelKind::Homography => {
            Matches::TwoView { points1_px: points2d(0), points2_px: points2d(2), cameras: None }
        }
        ModelKind::Pose => Matches::ImageWorld { points_px: points2d(0), points_world: points3d(2), camera: None },
        ModelKind::Rigid => Matches::WorldWorld { points1: points3d(0), points2: points3d(3) },
    }
}
