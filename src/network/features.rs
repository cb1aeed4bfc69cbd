//! The input row of each match.
//!
//! [`COLUMNS`] columns for [`Architecture::Neighbours`]: 5 (SNN ratio − 0.7); ln of the scale ratio 2 / 1; cosine
//! and sine of angle 2 − angle 1; ln of how many different points its point is matched to (the larger of both images); whether its ratio
//! is the lowest of all matches of these points; its place among the ratios of the pair, lowest −1 to highest 1; whether the ratio is known; whether
//! scale and angle are. What is not known is 0.
//!
//! [`CLNET_COLUMNS`] for [`Architecture::Clnet`], as published: x1 y1 x2 y2; ratio; scale 2 / scale 1; angle 2 − angle 1
//! modulo 180°, in radians. What is not known is 1, 1 and 0.
//!
//! For [`Architecture::Neighbours`] the points of each image are moved to their mean and divided by the root of the mean square
//! of their coordinates, points far beside all others left out; neither cameras nor image sizes enter, so one network ranks for essential and fundamental matrices.
//! CLNet has points normalised by their camera for an essential matrix, and as (p − size / 2) / max(width, height) for a
//! fundamental one. Scales go by the same units.

use super::{Architecture, NetworkConfig, RankInput};
use crate::cpu::rank::{edge_features, find_neighbours::find_neighbours};
use crate::geometry::{Bounds, Bulk, MatchesView, Sharing};
use crate::{Error, Result};
use glam::DVec2;

/// Columns of a row of [`Architecture::Neighbours`]. Where a match is enters by its neighbours alone: a network that sees the
/// place itself learns where the matches of its training are.
pub const COLUMNS: usize = crate::constants::ROW_COLUMNS;
/// Columns of a row of [`Architecture::Clnet`].
pub const CLNET_COLUMNS: usize = 7;
/// Normalised coordinates are no farther from 0: those of an absurd pixel would drown the others in the network's norms.
const FARTHEST: f64 = 64.0;
/// Points farther from the middle than so many times the median distance are absurd: no image is so large, whatever crowds in it.
const ABSURD: f64 = 1000.0;

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
    let [points1, points2] = input.points_px()?;
    let views = match config.architecture {
        Architecture::Neighbours => [points1, points2].map(View::of_spread),
        Architecture::Clnet => views(input)?,
    };
    let matches: Vec<[f32; 4]> = points1
        .iter()
        .zip(points2)
        .map(|(&p, &q)| {
            let (p, q) = (views[0].normalize(p), views[1].normalize(q));
            [p.x, p.y, q.x, q.y].map(|x| x as f32)
        })
        .collect();
    let rows: Vec<f32> = match config.architecture {
        Architecture::Neighbours => plain_rows(input, &views).into_flattened(),
        Architecture::Clnet => clnet_rows(input, &matches).into_flattened(),
    };
    match rows.iter().position(|value| !value.is_finite()) {
        Some(place) => {
            Err(Error::NotFinite { what: "a network input", index: place / config.inputs(), value: rows[place].into() })
        }
        None => Ok((matches, rows)),
    }
}

fn plain_rows(input: &RankInput<'_>, views: &[View<'_>; 2]) -> Vec<[f32; COLUMNS]> {
    let sharing = sharing(input);
    let ranks = ratio_ranks(input);
    let unit_ratio = views[0].unit_px / views[1].unit_px;
    let row = |i| {
        let ratio = known_ratio(input, i);
        let shape = known_shape(input, i);
        let [ln_scale, cos, sin] = shape
            .map_or([0.0; 3], |(scale, angle)| [(f64::from(scale) * unit_ratio).ln() as f32, angle.cos(), angle.sin()]);
        let [ln_sharers, lowest] = sharing[i];
        let centred_ratio = ratio.map_or(0.0, |ratio| 5.0 * (ratio - 0.7));
        let [ratio_known, shape_known] = [ratio.is_some(), shape.is_some()].map(|known| if known { 1.0 } else { 0.0 });
        let [rank, known] = [ranks[i], ratio_known];
        [centred_ratio, ln_scale, cos, sin, ln_sharers, lowest, rank, known, shape_known]
    };
    (0..ranks.len()).map(row).collect()
}

/// The place of each ratio among the known ones, lowest −1 to highest 1, equal ones alike; 0 where it is not known.
fn ratio_ranks(input: &RankInput<'_>) -> Vec<f32> {
    let count = input.matches.lengths()[0];
    let mut known: Vec<(f32, usize)> = (0..count).filter_map(|i| Some((known_ratio(input, i)?, i))).collect();
    known.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let mut ranks = vec![0.0; count];
    let mut below = 0;
    for equal in known.chunk_by(|a, b| a.0 == b.0) {
        let rank = (2 * below + equal.len()) as f32 / known.len() as f32 - 1.0;
        equal.iter().for_each(|&(_, i)| ranks[i] = rank);
        below += equal.len();
    }
    ranks
}

fn clnet_rows(input: &RankInput<'_>, matches: &[[f32; 4]]) -> Vec<[f32; CLNET_COLUMNS]> {
    let row = |(i, &[x1, y1, x2, y2]): (usize, &[f32; 4])| {
        let (scale, angle) = known_shape(input, i).unwrap_or((1.0, 0.0));
        [x1, y1, x2, y2, known_ratio(input, i).unwrap_or(1.0), scale, angle.rem_euclid(std::f32::consts::PI)]
    };
    matches.iter().enumerate().map(row).collect()
}

fn known_ratio(input: &RankInput<'_>, i: usize) -> Option<f32> {
    input.ratios.map(|ratios| ratios[i]).filter(|&ratio| ratio >= 0.0)
}

/// Scale 2 / scale 1, and angle 2 − angle 1 in radians.
fn known_shape(input: &RankInput<'_>, i: usize) -> Option<(f32, f32)> {
    let ([scales1, scales2], [angles1, angles2]) = (input.scales_px?, input.angles_deg?);
    let known = scales1[i] > 0.0 && scales2[i] > 0.0;
    known.then(|| (scales2[i] / scales1[i], (angles2[i] - angles1[i]).to_radians()))
}

/// Of each match: ln of how many partners its point has, the larger of both images; 1 where none of them has a lower ratio.
/// Copies of a match are one with it.
fn sharing(input: &RankInput<'_>) -> Vec<[f32; 2]> {
    let count = input.matches.lengths()[0];
    // zero has one sign
    let key = |p: &DVec2| [p.x, p.y].map(|x| (x + 0.0).to_bits());
    let keys = input.points_px().unwrap_or_default().map(|points| points.iter().map(key));
    let Some(sharing) = Sharing::of(keys) else {
        return vec![[0.0, 1.0]; count];
    };
    let partners = sharing.partners();
    let Sharing { first, original } = sharing;
    let mut ratios = vec![f32::INFINITY; count];
    for (i, &original) in original.iter().enumerate() {
        let lowest = &mut ratios[original as usize];
        *lowest = lowest.min(known_ratio(input, i).unwrap_or(f32::INFINITY));
    }
    let ratio = |i: u32| ratios[original[i as usize] as usize];
    let mut sharing: Vec<[f32; 2]> = partners.iter().map(|&partners| [(partners as f32).ln(), 1.0]).collect();
    for first in &first {
        let mut lowest = vec![f32::INFINITY; count];
        (0..).zip(first).for_each(|(i, &first)| lowest[first as usize] = lowest[first as usize].min(ratio(i)));
        for (i, &first) in first.iter().enumerate() {
            if ratio(i as u32) > lowest[first as usize] {
                sharing[i][1] = 0.0;
            }
        }
    }
    sharing
}

/// How the points of an image are normalised.
struct View<'a> {
    normalize: Box<dyn Fn(DVec2) -> DVec2 + 'a>,
    /// Pixels of one normalised unit.
    unit_px: f64,
}

impl View<'_> {
    fn normalize(&self, point_px: DVec2) -> DVec2 {
        (self.normalize)(point_px).clamp(DVec2::splat(-FARTHEST), DVec2::splat(FARTHEST))
    }

    fn of_frame(centre_px: DVec2, size_px: DVec2) -> Self {
        let largest = size_px.max_element();
        let unit_px = if largest > 0.0 { largest } else { 1.0 };
        Self { normalize: Box::new(move |point| (point - centre_px) / unit_px), unit_px }
    }

    /// Mean 0, mean square of the coordinates 1, of all but absurd points.
    fn of_spread(points_px: &[DVec2]) -> Self {
        let bulk = Bulk::of(points_px.len(), |i| points_px[i].extend(0.0));
        let points = || points_px.iter().filter(|p| bulk.reaches(p.extend(0.0), ABSURD));
        let count = points().count().max(1) as f64;
        let mean = points().sum::<DVec2>() / count;
        let square = points().map(|&p| (p - mean).length_squared()).sum::<f64>() / (2.0 * count);
        let unit_px = if square > 0.0 { square.sqrt() } else { 1.0 };
        Self { normalize: Box::new(move |point| (point - mean) / unit_px), unit_px }
    }

    /// For an image of unknown size.
    fn of_points(points_px: &[DVec2]) -> Self {
        let Bounds { low, high } = Bounds::of(points_px.len(), |i| points_px[i].extend(0.0));
        Self::of_frame(0.5 * (low + high).truncate(), (high - low).truncate())
    }
}

fn views<'a>(input: &RankInput<'a>) -> Result<[View<'a>; 2]> {
    if let MatchesView::Essential { camera1, camera2, .. } = input.matches {
        return Ok([camera1, camera2].map(|camera| View {
            normalize: Box::new(move |point| camera.normalize(point)),
            unit_px: (camera.focal_px.x * camera.focal_px.y).sqrt(),
        }));
    }
    let points = input.points_px()?;
    Ok(match input.sizes_px {
        Some(sizes) => sizes.map(|[width, height]| {
            let size = DVec2::new(width.into(), height.into());
            View::of_frame(0.5 * size, size)
        }),
        None => points.map(View::of_points),
    })
}
