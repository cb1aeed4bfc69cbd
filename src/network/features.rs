//! The input row of each match.
//!
//! Those of [`Architecture::Neighbours`], and what it normalises the points by, are
//! [`prepare_rows`](crate::cpu::rank::prepare_rows)'s.
//!
//! [`CLNET_COLUMNS`] for [`Architecture::Clnet`], as published: x1 y1 x2 y2; ratio; scale 2 / scale 1; angle 2 − angle 1
//! modulo 180°, in radians. What is not known is 1, 1 and 0. The points are normalised by their camera for an essential matrix, and as
//! (p − size / 2) / max(width, height) for a fundamental one.

use super::{Architecture, NetworkConfig, RankInput};
use crate::constants::FARTHEST_OF_ROW;
use crate::cpu::rank::{
    edge_features,
    find_neighbours::find_neighbours,
    prepare_rows::{SideInformation, prepare_rows},
};
use crate::geometry::{Bounds, MatchesView};
use crate::ransac::stages::coordinates::{coordinates, origins};
use crate::{Error, Result};
use glam::DVec2;

/// Columns of a row of [`Architecture::Neighbours`]. Where a match is enters by its neighbours alone: a network that sees the
/// place itself learns where the matches of its training are.
pub const COLUMNS: usize = crate::constants::ROW_COLUMNS;
/// Columns of a row of [`Architecture::Clnet`].
pub const CLNET_COLUMNS: usize = 7;

/// What the network sees of the n matches of a pair.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// x1 y1 x2 y2 of each match, normalised.
    pub matches: Vec<[f32; 4]>,
    /// Input rows, n × [`NetworkConfig::inputs`].
    pub rows: Vec<f32>,
    /// Nearest neighbours, n × k, nearest first: places among the matches of this pair. Empty for CLNet.
    pub neighbours: Vec<u32>,
    /// Edge feature rows, n × k × [`NetworkConfig::edges`].
    pub edges: Vec<f32>,
}

impl Features {
    /// The features of a pair.
    ///
    /// # Errors
    /// [`Error::MissingInput`] for matches of another model than the network's; otherwise those of [`RankInput::check`],
    /// and [`Error::NotFinite`] for values that overflow.
    pub fn new(input: &RankInput<'_>, config: &NetworkConfig) -> Result<Self> {
        let (matches, rows) = rows(input, config)?;
        let (neighbours, edges) = match config.architecture {
            Architecture::Neighbours => {
                let neighbours = find_neighbours(&matches, config.neighbours);
                let edges = edge_features::edge_features(&matches, &rows, &neighbours, config.neighbours);
                (neighbours, edges)
            }
            Architecture::Clnet => (Vec::new(), Vec::new()),
        };
        Ok(Self { matches, rows, neighbours, edges })
    }
}

/// The normalised matches and the input rows, without neighbours.
///
/// # Errors
/// Those of [`Features::new`].
pub fn rows(input: &RankInput<'_>, config: &NetworkConfig) -> Result<(Vec<[f32; 4]>, Vec<f32>)> {
    config.check()?;
    if config.architecture == Architecture::Clnet && input.kind() != config.model {
        let option = if config.model.name() == "essential" {
            "a network for essential matrices"
        } else {
            "a network for fundamental matrices"
        };
        return Err(Error::MissingInput { option, missing: "matches of that kind" });
    }
    input.check()?;
    let (matches, rows) = match config.architecture {
        Architecture::Neighbours => {
            let coordinates = coordinates(&input.matches, &origins(&input.matches));
            let (matches, rows) = prepare_rows(&coordinates, &input.side_information());
            (matches, rows.into_flattened())
        }
        Architecture::Clnet => {
            let matches = clnet_matches(input)?;
            let rows = clnet_rows(&matches, &input.side_information()).into_flattened();
            (matches, rows)
        }
    };
    match rows.iter().position(|value| !value.is_finite()) {
        Some(place) => {
            Err(Error::NotFinite { what: "a network input", index: place / config.inputs(), value: rows[place].into() })
        }
        None => Ok((matches, rows)),
    }
}

fn clnet_rows(matches: &[[f32; 4]], known: &SideInformation<'_>) -> Vec<[f32; CLNET_COLUMNS]> {
    let row = |(i, &[x1, y1, x2, y2]): (usize, &[f32; 4])| {
        let (scale, angle) = known.shape(i).unwrap_or((1.0, 0.0));
        [x1, y1, x2, y2, known.ratio(i).unwrap_or(1.0), scale, angle.rem_euclid(std::f32::consts::PI)]
    };
    matches.iter().enumerate().map(row).collect()
}

fn clnet_matches(input: &RankInput<'_>) -> Result<Vec<[f32; 4]>> {
    let [points1, points2] = input.points_px()?;
    let [view1, view2] = views(input)?;
    let farthest = DVec2::splat(FARTHEST_OF_ROW.into());
    let drawn_in = |point: DVec2| point.clamp(-farthest, farthest);
    let both = points1.iter().zip(points2).map(|(&p, &q)| [drawn_in(view1(p)), drawn_in(view2(q))]);
    Ok(both.map(|[p, q]| [p.x, p.y, q.x, q.y].map(|x| x as f32)).collect())
}

/// How the points of an image are normalised, pixels to units.
type View<'a> = Box<dyn Fn(DVec2) -> DVec2 + 'a>;

fn views<'a>(input: &RankInput<'a>) -> Result<[View<'a>; 2]> {
    if let MatchesView::Essential { camera1, camera2, .. } = input.matches {
        return Ok([camera1, camera2].map(|camera| -> View<'a> { Box::new(move |point| camera.normalize(point)) }));
    }
    let points = input.points_px()?;
    Ok(match input.sizes_px {
        Some(sizes) => sizes.map(|[width, height]| {
            let size = DVec2::new(width.into(), height.into());
            of_frame(0.5 * size, size)
        }),
        None => points.map(of_points),
    })
}

fn of_frame<'a>(centre_px: DVec2, size_px: DVec2) -> View<'a> {
    let largest = size_px.max_element();
    let unit_px = if largest > 0.0 { largest } else { 1.0 };
    Box::new(move |point| (point - centre_px) / unit_px)
}

/// For an image of unknown size.
fn of_points<'a>(points_px: &[DVec2]) -> View<'a> {
    let Bounds { low, high } = Bounds::of(points_px.len(), |i| points_px[i].extend(0.0));
    of_frame(0.5 * (low + high).truncate(), (high - low).truncate())
}
