//! What the network sees of each match: its normalised points, and the input row of what is known of it.
//!
//! The columns of a row, [`ROW_COLUMNS`]: 5 (SNN ratio − 0.7); ln of the scale ratio 2 / 1; cosine and sine of angle 2 − angle 1; ln
//! of how many different points its point is matched to (the larger of both images); whether its ratio is the lowest of all matches of
//! these points; its place among the ratios of the pair, lowest −1 to highest 1; whether the ratio is known; whether scale and angle
//! are. What is not known is 0.
//!
//! The points of each image are moved to their mean and divided by the root of the mean square of their coordinates, points far beside
//! all others left out; scales go by the same units. Neither cameras nor image sizes enter, so that one network ranks for essential and
//! fundamental matrices.

use crate::constants::{ABSURD, FARTHEST_OF_ROW, ROW_COLUMNS};
use crate::geometry::{Bulk, Sharing};
use glam::DVec2;

/// What is known of the matches of a pair beside their points, an entry a match of what is there.
#[derive(Clone, Copy, Debug, Default)]
pub struct SideInformation<'a> {
    /// SNN ratios; one below 0 is not known.
    pub ratios: Option<&'a [f32]>,
    /// Key-point diameters in image 1 and 2, pixels, 0 where they are not known.
    pub scales_px: Option<[&'a [f32]; 2]>,
    /// Key-point orientations in image 1 and 2, degrees, from x to y.
    pub angles_deg: Option<[&'a [f32]; 2]>,
}

impl SideInformation<'_> {
    /// The ratio of a match, where it is known.
    pub fn ratio(&self, i: usize) -> Option<f32> {
        self.ratios.map(|ratios| ratios[i]).filter(|&ratio| ratio >= 0.0)
    }

    /// Scale 2 / scale 1, and angle 2 − angle 1 in radians, where they are known.
    pub fn shape(&self, i: usize) -> Option<(f32, f32)> {
        let ([scales1, scales2], [angles1, angles2]) = (self.scales_px?, self.angles_deg?);
        let known = scales1[i] > 0.0 && scales2[i] > 0.0;
        known.then(|| (scales2[i] / scales1[i], (angles2[i] - angles1[i]).to_radians()))
    }
}

/// The normalised points of each match, and its input row, of matches `x1 y1 x2 y2` in pixels.
pub fn prepare_rows(matches: &[[f32; 4]], known: &SideInformation<'_>) -> (Vec<[f32; 4]>, Vec<[f32; ROW_COLUMNS]>) {
    let points = |side: usize| matches.iter().map(move |m| DVec2::new(m[side].into(), m[side + 1].into()));
    let views = [0, 2].map(|side| View::of(&points(side).collect::<Vec<_>>()));
    let normalised = points(0).zip(points(2)).map(|(p, q)| {
        let [p, q] = [views[0].normalize(p), views[1].normalize(q)];
        [p.x, p.y, q.x, q.y].map(|x| x as f32)
    });
    (normalised.collect(), rows(matches, known, views[0].unit_px / views[1].unit_px))
}

fn rows(matches: &[[f32; 4]], known: &SideInformation<'_>, unit_ratio: f64) -> Vec<[f32; ROW_COLUMNS]> {
    let among_partners = among_partners(matches, known);
    let ranks = ratio_ranks(matches.len(), known);
    let row = |i| {
        let ratio = known.ratio(i);
        let shape = known.shape(i);
        let [ln_scale, cos, sin] = shape
            .map_or([0.0; 3], |(scale, angle)| [(f64::from(scale) * unit_ratio).ln() as f32, angle.cos(), angle.sin()]);
        let [ln_partners, lowest] = among_partners[i];
        let centred_ratio = ratio.map_or(0.0, |ratio| 5.0 * (ratio - 0.7));
        let [ratio_known, shape_known] = [ratio.is_some(), shape.is_some()].map(|known| if known { 1.0 } else { 0.0 });
        [centred_ratio, ln_scale, cos, sin, ln_partners, lowest, ranks[i], ratio_known, shape_known]
    };
    (0..matches.len()).map(row).collect()
}

/// The place of each ratio among the known ones, lowest −1 to highest 1, equal ones alike; 0 where it is not known.
fn ratio_ranks(count: usize, known: &SideInformation<'_>) -> Vec<f32> {
    let mut ratios: Vec<(f32, usize)> = (0..count).filter_map(|i| Some((known.ratio(i)?, i))).collect();
    ratios.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let mut ranks = vec![0.0; count];
    let mut below = 0;
    for equal in ratios.chunk_by(|a, b| a.0 == b.0) {
        let rank = (2 * below + equal.len()) as f32 / ratios.len() as f32 - 1.0;
        equal.iter().for_each(|&(_, i)| ranks[i] = rank);
        below += equal.len();
    }
    ranks
}

/// Of each match: ln of how many partners its point has, the larger of both images; 1 where none of them has a lower ratio.
/// Copies of a match are one with it.
fn among_partners(matches: &[[f32; 4]], known: &SideInformation<'_>) -> Vec<[f32; 2]> {
    let count = matches.len();
    let Some(sharing) = Sharing::of_two_views(matches) else {
        return vec![[0.0, 1.0]; count];
    };
    let partners = sharing.partners();
    let Sharing { first, original } = sharing;
    let mut ratios = vec![f32::INFINITY; count];
    for (i, &original) in original.iter().enumerate() {
        let lowest = &mut ratios[original as usize];
        *lowest = lowest.min(known.ratio(i).unwrap_or(f32::INFINITY));
    }
    let ratio = |i: u32| ratios[original[i as usize] as usize];
    let mut columns: Vec<[f32; 2]> = partners.iter().map(|&partners| [(partners as f32).ln(), 1.0]).collect();
    for first in &first {
        let mut lowest = vec![f32::INFINITY; count];
        (0..).zip(first).for_each(|(i, &first)| lowest[first as usize] = lowest[first as usize].min(ratio(i)));
        for (i, &first) in first.iter().enumerate() {
            if ratio(i as u32) > lowest[first as usize] {
                columns[i][1] = 0.0;
            }
        }
    }
    columns
}

/// How the points of an image are normalised.
struct View {
    mean: DVec2,
    /// Pixels of one normalised unit.
    unit_px: f64,
}

impl View {
    /// Mean 0, mean square of the coordinates 1, of all but absurd points.
    fn of(points_px: &[DVec2]) -> Self {
        let bulk = Bulk::of(points_px.len(), |i| points_px[i].extend(0.0));
        let points = || points_px.iter().filter(|p| bulk.reaches(p.extend(0.0), ABSURD.into()));
        let count = points().count().max(1) as f64;
        let mean = points().sum::<DVec2>() / count;
        let square = points().map(|&p| (p - mean).length_squared()).sum::<f64>() / (2.0 * count);
        Self { mean, unit_px: if square > 0.0 { square.sqrt() } else { 1.0 } }
    }

    fn normalize(&self, point_px: DVec2) -> DVec2 {
        let farthest = DVec2::splat(FARTHEST_OF_ROW.into());
        ((point_px - self.mean) / self.unit_px).clamp(-farthest, farthest)
    }
}
