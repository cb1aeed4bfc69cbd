//! Other pairs out of one: each change is one that the world, a camera or a matcher could have made, and keeps the truth
//! true. A right match stays right as far as it stays.

use super::PairRecord;
use crate::geometry::{Camera, Matches, Pose};
use crate::{Error, Result};
use glam::{DMat2, DMat3, DVec2};
use rand::seq::SliceRandom;
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// Which changes are made, and how often. The default makes all of them at times; [`Augmentation::none`] makes none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Augmentation {
    /// Share of pairs whose images change places.
    pub swap: f64,
    /// Share of pairs of which one image is turned by any angle.
    pub rotate: f64,
    /// Share of pairs of which one image is enlarged or made smaller, and cut.
    pub zoom: f64,
    /// Share of pairs of which some matches are left out.
    pub subset: f64,
    /// Share of pairs that get wrong matches more: the partners of some of theirs, exchanged.
    pub inject: f64,
    /// Share of pairs that lose their scales and angles.
    pub drop_scales: f64,
    /// Share of pairs that lose their ratios.
    pub drop_ratios: f64,
    /// The limit of the SNN ratio is drawn between these two for each pair.
    pub ratio_below: [f32; 2],
    /// Most matches of a pair; of more a random part is taken.
    pub matches: usize,
}

/// Matches that no change goes below, where there were as many before.
const FEWEST_MATCHES: usize = 32;

impl Default for Augmentation {
    fn default() -> Self {
        Self {
            swap: 0.5,
            rotate: 0.3,
            zoom: 0.3,
            subset: 0.3,
            inject: 0.2,
            drop_scales: 0.15,
            drop_ratios: 0.05,
            ratio_below: [0.8, 1.0],
            matches: 2000,
        }
    }
}

impl Augmentation {
    /// Leaves every pair as it is.
    pub const fn none() -> Self {
        Self {
            swap: 0.0,
            rotate: 0.0,
            zoom: 0.0,
            subset: 0.0,
            inject: 0.0,
            drop_scales: 0.0,
            drop_ratios: 0.0,
            ratio_below: [f32::INFINITY; 2],
            matches: usize::MAX,
        }
    }

    /// Checks the ranges.
    ///
    /// # Errors
    /// [`Error::BadOption`] with the first option outside its range.
    pub fn check(&self) -> Result<()> {
        let shares = [
            ("swap", self.swap),
            ("rotate", self.rotate),
            ("zoom", self.zoom),
            ("subset", self.subset),
            ("inject", self.inject),
            ("drop_scales", self.drop_scales),
            ("drop_ratios", self.drop_ratios),
        ];
        let bad = |name, expected, found| Err(Error::BadOption { name, expected, found });
        if let Some((name, share)) = shares.into_iter().find(|(_, share)| !(0.0..=1.0).contains(share)) {
            return bad(name, "a share in 0..=1", share.to_string());
        }
        let [least, largest] = self.ratio_below;
        if !(least > 0.0 && least <= largest) {
            return bad("ratio_below", "two ascending numbers above 0", format!("{least}, {largest}"));
        }
        if self.matches < FEWEST_MATCHES {
            return bad("matches", "at least 32", self.matches.to_string());
        }
        Ok(())
    }

    /// A pair changed at random. Where fewer than `least_right` right matches would be left, the pair stays as it is.
    pub fn apply(&self, rng: &mut impl Rng, record: &PairRecord, least_right: usize) -> PairRecord {
        let changed = self.change(rng, record.clone());
        let right = changed.right_matches().map_or(0, |right| right.into_iter().filter(|&right| right).count());
        if right >= least_right { changed } else { record.clone() }
    }

    fn change(&self, rng: &mut impl Rng, mut record: PairRecord) -> PairRecord {
        record = limit_ratio(rng, &record, self.ratio_below);
        if rng.random_bool(self.swap) {
            record = swap_images(record);
        }
        if rng.random_bool(self.rotate) {
            let angle = if rng.random_bool(0.5) { rng.random_range(-0.5..0.5) } else { rng.random_range(-PI..PI) };
            record = rotate_image(record, rng.random_range(0..2), angle);
        }
        if rng.random_bool(self.zoom) {
            let which = rng.random_range(0..2);
            record = zoom_image(record, which, rng.random_range(-0.8_f64..0.8).exp());
            if rng.random_bool(0.5) {
                record = crop_randomly(rng, record, which);
            }
        }
        if rng.random_bool(self.subset) {
            let share = rng.random_range(0.2..1.0);
            let count = (share * record.matches.len() as f64) as usize;
            record = random_part(rng, record, count);
        }
        record = random_part(rng, record, self.matches);
        if rng.random_bool(self.inject) {
            let count = (rng.random_range(0.1..1.0) * record.matches.len() as f64) as usize;
            record = exchange_partners(rng, record, count.min(self.matches.saturating_sub(count)));
        }
        if rng.random_bool(self.drop_scales) {
            (record.scales_px, record.angles_deg) = (None, None);
        }
        if rng.random_bool(self.drop_ratios) {
            record.ratios = None;
        }
        record
    }
}

/// The pair with image 1 and image 2 exchanged; what is known of each match stays, as if the matcher had gone the other
/// way.
pub fn swap_images(mut record: PairRecord) -> PairRecord {
    if let Matches::TwoView { points1_px, points2_px, cameras } = &mut record.matches {
        std::mem::swap(points1_px, points2_px);
        if let Some(cameras) = cameras {
            cameras.reverse();
        }
        record.truth = record.truth.map(|truth| truth.inverse());
        [&mut record.scales_px, &mut record.angles_deg].into_iter().flatten().for_each(|both| both.reverse());
        record.sizes_px.iter_mut().for_each(|sizes| sizes.reverse());
    }
    record
}

/// The pair with one of its images (0 or 1) turned clockwise by an angle in radians, on a canvas that holds all of it.
/// Needs cameras and sizes; without them the record stays as it is.
pub fn rotate_image(mut record: PairRecord, which: usize, angle: f64) -> PairRecord {
    let (Some((points, camera)), Some(size)) = (image(&mut record.matches, which), record.sizes_px.map(|s| s[which]))
    else {
        return record;
    };
    let turn = DMat3::from_rotation_z(angle);
    let size = DVec2::from(size.map(f64::from));
    let plane = DMat2::from_angle(angle);
    let canvas = (plane.x_axis.abs() * size.x + plane.y_axis.abs() * size.y).ceil();
    // of the centres of the two canvases
    let (centre, new_centre) = ((size - 1.0) / 2.0, (canvas - 1.0) / 2.0);
    let principal_point_px = new_centre + plane * (camera.principal_point_px - centre);
    let turned = Camera { principal_point_px, ..*camera };
    // through the rays, as a camera that is turned sees it: right for unequal focal lengths too
    points.iter_mut().for_each(|point| *point = turned.project(plane * camera.normalize(*point)));
    *camera = turned;
    turn_truth(&mut record, which, turn);
    if let Some(angles) = &mut record.angles_deg {
        let degrees = angle.to_degrees() as f32;
        angles[which].iter_mut().for_each(|angle| *angle = (*angle + degrees).rem_euclid(360.0));
    }
    record.sizes_px.iter_mut().for_each(|sizes| sizes[which] = canvas.to_array().map(|side| side as u32));
    record
}

fn turn_truth(record: &mut PairRecord, which: usize, turn: DMat3) {
    record.truth = record.truth.map(|Pose { rotation, translation }| match which {
        0 => Pose { rotation: rotation * turn.transpose(), translation },
        _ => Pose { rotation: turn * rotation, translation: turn * translation },
    });
}

/// The pair with one of its images (0 or 1) resized by a factor.
pub fn zoom_image(mut record: PairRecord, which: usize, factor: f64) -> PairRecord {
    let Some((points, camera)) = image(&mut record.matches, which) else { return record };
    // pixel centres are at whole numbers
    let zoomed = |pixel: DVec2| (pixel + 0.5) * factor - 0.5;
    points.iter_mut().for_each(|point| *point = zoomed(*point));
    *camera = Camera {
        focal_px: camera.focal_px * factor,
        principal_point_px: zoomed(camera.principal_point_px),
        skew_px: camera.skew_px * factor,
    };
    if let Some(scales) = &mut record.scales_px {
        scales[which].iter_mut().for_each(|scale| *scale *= factor as f32);
    }
    if let Some(sizes) = &mut record.sizes_px {
        sizes[which] = sizes[which].map(|side| (f64::from(side) * factor).round().max(1.0) as u32);
    }
    record
}

/// The pair with one of its images (0 or 1) cut to a window; matches outside are left out.
pub fn crop_image(mut record: PairRecord, which: usize, corner_px: [u32; 2], size_px: [u32; 2]) -> PairRecord {
    let Some((points, camera)) = image(&mut record.matches, which) else { return record };
    let [corner, size] = [corner_px, size_px].map(|pixels| DVec2::from(pixels.map(f64::from)));
    points.iter_mut().for_each(|point| *point -= corner);
    camera.principal_point_px -= corner;
    let inside = |point: &DVec2| point.cmpge(DVec2::splat(-0.5)).all() && point.cmple(size - 0.5).all();
    let kept: Vec<usize> = (0..points.len()).filter(|&index| inside(&points[index])).collect();
    record.sizes_px.iter_mut().for_each(|sizes| sizes[which] = size_px);
    record.select(&kept)
}

fn crop_randomly(rng: &mut impl Rng, record: PairRecord, which: usize) -> PairRecord {
    let Some(size) = record.sizes_px.map(|sizes| sizes[which]) else { return record };
    let window = size.map(|side| (f64::from(side) * rng.random_range(0.5..1.0)).ceil() as u32);
    let corner = [0, 1].map(|axis| rng.random_range(0..=size[axis] - window[axis].min(size[axis])));
    let cropped = crop_image(record.clone(), which, corner, window);
    if cropped.matches.len() >= FEWEST_MATCHES { cropped } else { record }
}

/// The matches below a ratio drawn between these two; of few matches as many as there are, best first.
fn limit_ratio(rng: &mut impl Rng, record: &PairRecord, [least, largest]: [f32; 2]) -> PairRecord {
    let below = if least < largest { rng.random_range(least..largest) } else { least };
    let few = FEWEST_MATCHES.min(record.matches.len());
    record.select(&record.best_by_ratio(below, few, usize::MAX))
}

/// So many of the matches, chosen at random, in their order; never fewer than a few.
pub fn random_part(rng: &mut impl Rng, record: PairRecord, count: usize) -> PairRecord {
    let all = record.matches.len();
    let count = count.max(FEWEST_MATCHES);
    if all <= count {
        return record;
    }
    let mut indices: Vec<usize> = (0..all).collect();
    let (chosen, _) = indices.partial_shuffle(rng, count);
    chosen.sort_unstable();
    record.select(chosen)
}

/// The pair with wrong matches more: so many of its points of image 1, each with the partner of another, and with the
/// worse one of their two ratios and weights. Sorted by ratio, where there are ratios.
pub fn exchange_partners(rng: &mut impl Rng, mut record: PairRecord, count: usize) -> PairRecord {
    let all = record.matches.len();
    if all < 2 {
        return record;
    }
    let pairs: Vec<[usize; 2]> = (0..count)
        .map(|_| {
            let from = rng.random_range(0..all);
            [from, (from + rng.random_range(1..all)) % all]
        })
        .collect();
    if let Matches::TwoView { points1_px, points2_px, .. } = &mut record.matches {
        extend_from(points1_px, &pairs, 0);
        extend_from(points2_px, &pairs, 1);
    }
    for both in [&mut record.scales_px, &mut record.angles_deg].into_iter().flatten() {
        both.iter_mut().enumerate().for_each(|(side, values)| extend_from(values, &pairs, side));
    }
    for (values, worse) in [(&mut record.weights, f32::min as fn(f32, f32) -> f32), (&mut record.ratios, f32::max)] {
        let Some(values) = values else { continue };
        let more: Vec<f32> = pairs.iter().map(|&[from, to]| worse(values[from], values[to])).collect();
        values.extend(more);
    }
    record.mutual.iter_mut().for_each(|mutual| mutual.extend(pairs.iter().map(|_| false)));
    record.labels.iter_mut().for_each(|labels| labels.extend(pairs.iter().map(|_| 0)));
    let sorted = record.best_by_ratio(f32::INFINITY, 0, usize::MAX);
    record.select(&sorted)
}

fn extend_from<T: Copy>(values: &mut Vec<T>, pairs: &[[usize; 2]], side: usize) {
    let more: Vec<T> = pairs.iter().map(|pair| values[pair[side]]).collect();
    values.extend(more);
}

/// The points and the camera of an image.
const fn image(matches: &mut Matches, which: usize) -> Option<(&mut Vec<DVec2>, &mut Camera)> {
    match (matches, which) {
        (Matches::TwoView { points1_px, cameras: Some([camera, _]), .. }, 0) => Some((points1_px, camera)),
        (Matches::TwoView { points2_px, cameras: Some([_, camera]), .. }, 1) => Some((points2_px, camera)),
        _ => None,
    }
}
