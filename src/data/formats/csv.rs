//! Matches in a CSV file: a line each, a header or none.

use super::array::Message;
use crate::data::PairRecord;
use crate::geometry::{Matches, ModelKind};
use ::csv::{ReaderBuilder, StringRecord, Trim};
use glam::{DVec2, DVec3};
use std::borrow::Cow;

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
    let text = std::str::from_utf8(bytes).map_err(|error| format!("expected text: {error}"))?;
    let text = with_commas(text);
    let mut reader =
        ReaderBuilder::new().has_headers(false).trim(Trim::All).comment(Some(b'#')).from_reader(text.as_bytes());
    let lines = reader.records().map(|line| line.map_err(|error| format!("expected CSV: {error}")));
    let mut lines = lines.collect::<Message<Vec<StringRecord>>>()?;
    let columns = columns(kind);
    let Some(first) = lines.first().cloned() else {
        return Err(format!("expected lines of {}, but the file is empty", columns.join(",")));
    };
    let layout = if is_header(&first) {
        lines.remove(0);
        Layout::of_header(&first, columns)?
    } else {
        Layout::of_width(first.len(), columns, counts_the_lines(&lines))?
    };

    let (mut rows, mut weights, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for (line, fields) in lines.iter().enumerate() {
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
    record.warnings.extend(layout.warning);
    Ok(record)
}

/// The text with its fields parted by commas: they may be by semicolons (decimal commas then are points), tabs or blanks, as the
/// first line with numbers or names shows.
fn with_commas(text: &str) -> Cow<'_, str> {
    let is_content = |line: &&str| !line.trim().is_empty() && !line.starts_with('#');
    let first = text.lines().find(is_content).unwrap_or_default();
    let each_line = |change: &dyn Fn(&str) -> String| text.lines().map(|line| change(line) + "\n").collect();
    if first.contains(';') {
        Cow::Owned(each_line(&|line| line.replace(',', ".").replace(';', ",")))
    } else if first.contains(',') || first.split_whitespace().count() < 2 {
        Cow::Borrowed(text)
    } else {
        let parted = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(",");
        Cow::Owned(each_line(&|line| if line.starts_with('#') { line.to_owned() } else { parted(line) }))
    }
}

/// Whether the first column is 0, 1, 2 and so on, or 1, 2, 3: an index that was written before the coordinates.
fn counts_the_lines(lines: &[StringRecord]) -> bool {
    let counts_from = |start: usize| {
        let mut counted = lines.iter().zip(start..);
        counted.all(|(line, count)| line.get(0).and_then(|text| text.parse().ok()) == Some(count as f64))
    };
    lines.len() > 2 && (counts_from(0) || counts_from(1))
}

/// Where each number stands in a line.
struct Layout {
    coordinates: Vec<usize>,
    weight: Option<usize>,
    ratio: Option<usize>,
    /// What is taken for granted of it.
    warning: Option<String>,
}

impl Layout {
    fn of_header(header: &StringRecord, columns: &[&str]) -> Message<Self> {
        let place = |name: &str| header.iter().position(|there| there == name);
        let missing = |name: &str| {
            let found = header.iter().collect::<Vec<_>>().join(",");
            format!("expected a column {name} ({}), but the header is {found}", columns.join(","))
        };
        let coordinates = columns.iter().map(|&name| place(name).ok_or_else(|| missing(name)));
        let coordinates = coordinates.collect::<Message<_>>()?;
        Ok(Self { coordinates, weight: place("weight"), ratio: place("ratio"), warning: None })
    }

    fn of_width(width: usize, columns: &[&str], has_index: bool) -> Message<Self> {
        let count = columns.len();
        // with an index there is a column more; that many without a weight fit either way
        let first = usize::from(has_index && width > count);
        if width != first + count && width != first + count + 1 {
            return Err(format!("expected {}[,weight] in each line, but there are {width} columns", columns.join(",")));
        }
        let warning = (first > 0).then(|| {
            format!(
                "the first column counts the lines and is not taken for {}: a header line would say what it is",
                columns[0]
            )
        });
        let weight = (width > first + count).then_some(first + count);
        Ok(Self { coordinates: (first..first + count).collect(), weight, ratio: None, warning })
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
