//! Other pairs out of one: each change is one that the world, a camera or a matcher could have made, and keeps the truth
//! true. A right match stays right as far as it stays.

use super::PairRecord;
use super::synthetic::pairs::random::normal;
use crate::geometry::{Camera, Matches, Pose};
use crate::{Error, Result};
use glam::{DMat2, DMat3, DVec2};
use rand::seq::SliceRandom;
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// Which changes are made, and how often. The default is what made networks rank best on scenes that they were not trained
/// on; [`Augmentation::none`] makes no change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Augmentation {
    /// Share of pairs whose images change places.
    pub swap: f64,
    /// Share of pairs of which both images are turned alike, but for a few degrees.
    pub rotate: f64,
    /// Share of these that are turned by any angle, the others by the few degrees alone.
    pub rotate_far: f64,
    /// Share of pairs of which each image is turned by any angle of its own.
    pub rotate_each: f64,
    /// Share of pairs of which one image is enlarged or made smaller, and cut.
    pub zoom: f64,
    /// Share of pairs of which some matches are left out.
    pub subset: f64,
    /// Share of pairs some of whose matches exchange their partners.
    pub exchange: f64,
    /// Share of pairs that lose their scales and angles.
    pub drop_scales: f64,
    /// Share of pairs that lose their ratios.
    pub drop_ratios: f64,
    /// Share of pairs that are left with their [`usual_matches`].
    pub usual: f64,
    /// Of the others the limit of the SNN ratio is drawn between these two; where there is no usual limit, between the two
    /// numbers half-way from these to 1.
    pub ratio_below: [f32; 2],
    /// Most matches of a pair; of more a random part is taken.
    pub matches: usize,
}

/// Matches that no change goes below, where there were as many before.
const FEWEST_MATCHES: usize = 32;
/// The usual limit of the SNN ratio (Lowe, IJCV 2004).
const USUAL_LIMIT: f32 = 0.8;
/// Standard deviation of the angle by which an image is turned besides the common one, radians.
const FEW_DEGREES: f64 = 0.15;

impl Default for Augmentation {
    fn default() -> Self {
        Self {
            swap: 0.5,
            rotate: 0.5,
            rotate_far: 0.4,
            rotate_each: 0.2,
            zoom: 0.0,
            subset: 0.5,
            exchange: 0.3,
            drop_scales: 0.2,
            drop_ratios: 0.1,
            usual: 0.6,
            ratio_below: [0.7, 0.951],
            matches: 768,
        }
    }
}

impl Augmentation {
    /// Leaves every pair as it is.
    pub const fn none() -> Self {
        Self {
            swap: 0.0,
            rotate: 0.0,
            rotate_far: 0.0,
            rotate_each: 0.0,
            zoom: 0.0,
            subset: 0.0,
            exchange: 0.0,
            drop_scales: 0.0,
            drop_ratios: 0.0,
            usual: 0.0,
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
            ("rotate and rotate_each together", self.rotate + self.rotate_each),
            ("rotate", self.rotate),
            ("rotate_far", self.rotate_far),
            ("rotate_each", self.rotate_each),
            ("zoom", self.zoom),
            ("subset", self.subset),
            ("exchange", self.exchange),
            ("drop_scales", self.drop_scales),
            ("drop_ratios", self.drop_ratios),
            ("usual", self.usual),
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
        record = self.limit_ratio(rng, &record);
        if rng.random_bool(self.subset) {
            let count = (rng.random_range(0.3..1.0) * record.matches.len() as f64) as usize;
            record = random_part(rng, record, count);
        }
        record = random_part(rng, record, self.matches);
        if rng.random_bool(self.exchange) {
            let share = rng.random_range(0.0..0.5);
            record = exchange_partners(rng, record, share);
        }
        if rng.random_bool(self.swap) {
            record = swap_images(record);
        }
        let angles = self.angles(rng);
        for which in [0, 1] {
            if angles[which] != 0.0 {
                record = rotate_image(record, which, angles[which]);
            }
        }
        if rng.random_bool(self.zoom) {
            let which = rng.random_range(0..2);
            record = zoom_image(record, which, rng.random_range(-0.8_f64..0.8).exp());
            if rng.random_bool(0.5) {
                record = crop_randomly(rng, record, which);
            }
        }
        if rng.random_bool(self.drop_scales) {
            (record.scales_px, record.angles_deg) = (None, None);
        }
        if rng.random_bool(self.drop_ratios) {
            record.ratios = None;
        }
        record
    }

    /// By how much each image is turned, radians.
    fn angles(&self, rng: &mut impl Rng) -> [f64; 2] {
        let chosen = rng.random_range(0.0..1.0);
        if chosen < self.rotate {
            let both = if rng.random_bool(self.rotate_far) { rng.random_range(-PI..PI) } else { 0.0 };
            [0, 1].map(|_| both + FEW_DEGREES * normal(rng))
        } else if chosen < self.rotate + self.rotate_each {
            [0, 1].map(|_| rng.random_range(-PI..PI))
        } else {
            [0.0; 2]
        }
    }

    /// The usual matches, or those below a ratio drawn at random; of few matches as many as there are, best first.
    fn limit_ratio(&self, rng: &mut impl Rng, record: &PairRecord) -> PairRecord {
        let [least, largest] = self.ratio_below;
        if rng.random_bool(self.usual) {
            return record.select(&usual_matches(record));
        }
        let below = if least < largest { rng.random_range(least..largest) } else { least };
        let below = if has_usual_limit(record) { below } else { 0.5 * (1.0 + below) };
        record.select(&record.best_by_ratio(below, FEWEST_MATCHES.min(record.matches.len()), usize::MAX))
    }
}

/// Matches of learned detectors, which tell no scales, are used without a limit of their ratios.
const fn has_usual_limit(record: &PairRecord) -> bool {
    record.scales_px.is_some()
}

/// Indices of the matches that a pair is usually estimated from: those with a ratio below 0.8, and of learned detectors all,
/// the 2000 best at most.
pub fn usual_matches(record: &PairRecord) -> Vec<usize> {
    let below = if has_usual_limit(record) { USUAL_LIMIT } else { f32::INFINITY };
    record.best_by_ratio(below, FEWEST_MATCHES.min(record.matches.len()), 2000)
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

/// The pair with wrong matches instead of others: each match with this probability gives its place in image 2 to another of
/// these, and gets the ratio of a wrong match. Sorted by ratio, where there are ratios.
pub fn exchange_partners(rng: &mut impl Rng, mut record: PairRecord, probability: f64) -> PairRecord {
    let from: Vec<usize> = (0..record.matches.len()).filter(|_| rng.random_bool(probability)).collect();
    let mut to = from.clone();
    to.shuffle(rng);
    let wrong_ratios = wrong_ratios(&record);
    if let Matches::TwoView { points2_px, .. } = &mut record.matches {
        exchange(points2_px, &from, &to);
    }
    for both in [&mut record.scales_px, &mut record.angles_deg].into_iter().flatten() {
        exchange(&mut both[1], &from, &to);
    }
    let moved = || from.iter().zip(&to).filter(|(from, to)| from != to).map(|(&from, _)| from);
    if let (Some(ratios), false) = (&mut record.ratios, wrong_ratios.is_empty()) {
        moved().for_each(|index| ratios[index] = wrong_ratios[rng.random_range(0..wrong_ratios.len())]);
    }
    record.mutual.iter_mut().for_each(|mutual| moved().for_each(|index| mutual[index] = false));
    record.labels.iter_mut().for_each(|labels| moved().for_each(|index| labels[index] = 0));
    let sorted = record.best_by_ratio(f32::INFINITY, 0, usize::MAX);
    record.select(&sorted)
}

/// Ratios of the wrong matches; of all where none is known to be wrong.
fn wrong_ratios(record: &PairRecord) -> Vec<f32> {
    let (Some(ratios), Some(right)) = (&record.ratios, record.right_matches()) else { return Vec::new() };
    let wrong: Vec<f32> = ratios.iter().zip(right).filter(|(_, right)| !right).map(|(&ratio, _)| ratio).collect();
    if wrong.is_empty() { ratios.clone() } else { wrong }
}

fn exchange<T: Copy>(values: &mut [T], from: &[usize], to: &[usize]) {
    let before = values.to_vec();
    from.iter().zip(to).for_each(|(&from, &to)| values[from] = before[to]);
}

/// The points and the camera of an image.
const fn image(matches: &mut Matches, which: usize) -> Option<(&mut Vec<DVec2>, &mut Camera)> {
    match (matches, which) {
        (Matches::TwoView { points1_px, cameras: Some([camera, _]), .. }, 0) => Some((points1_px, camera)),
        (Matches::TwoView { points2_px, cameras: Some([_, camera]), .. }, 1) => Some((points2_px, camera)),
        _ => None,
    }
}
