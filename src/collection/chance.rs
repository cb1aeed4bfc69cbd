//! Whether inliers are more than chance explains: the number of false alarms of Moisan and Stival (2004), as Moulon, Monasse and
//! Marlet (2012) have it for RANSAC.
//!
//! Of `n` random matches, the expected number of sets of `k` that a model of `s` of them explains to within `e` pixels is at most
//! `(n - s) C(n, k) C(k, s) p^(k - s)`, where `p` is the probability that a random point is so near to where the model has it. The smallest
//! over all `e` is taken: a few matches that fit well say as much as many that fit badly.

use crate::geometry::accuracy::farther_epipolar_px;
use glam::{DMat3, DVec2};
use std::f64::consts::PI;

/// Key points are not more exact than this, pixels, however well they fit.
const EXACT_PX: f64 = 0.1;

/// Matches of which no inlier is known yet, pixels.
pub(super) struct Chance<'a> {
    points_px: [&'a [DVec2]; 2],
    /// Width and height of what random points of each image would be in.
    fields_px: [DVec2; 2],
    ln_factorials: Vec<f64>,
}

impl<'a> Chance<'a> {
    /// Random points would be where these are; in no larger a field than the image, where its size is known.
    pub(super) fn new(points_px: [&'a [DVec2]; 2], sizes_px: [Option<DVec2>; 2]) -> Self {
        let count = points_px[0].len();
        let ln_factorials = std::iter::once(0.0).chain((1..=count).scan(0.0, |sum, factor| {
            *sum += (factor as f64).ln();
            Some(*sum)
        }));
        let fields_px = [0, 1].map(|side| field(points_px[side], sizes_px[side]));
        Self { points_px, fields_px, ln_factorials: ln_factorials.collect() }
    }

    /// ln of the false alarms of a fundamental matrix from samples of `sample_size`, with errors of up to `reach_px`.
    pub(super) fn ln_of_fundamental(&self, fundamental: &DMat3, sample_size: usize, reach_px: f64) -> f64 {
        // a strip along a line, of an image's diagonal in length
        let per_px = self.fields_px.map(|size| 2.0 * size.length() / (size.x * size.y)).into_iter().fold(0.0, f64::max);
        let error = |a: DVec2, b: DVec2| farther_epipolar_px(fundamental, a, b);
        self.ln_false_alarms(self.errors(error, reach_px), sample_size, |error| per_px * error)
    }

    /// ln of the false alarms of a homography.
    pub(super) fn ln_of_homography(&self, homography: &DMat3, reach_px: f64) -> f64 {
        let size = self.fields_px[1];
        let transfer = |a: DVec2, b: DVec2| {
            let mapped = *homography * a.extend(1.0);
            (mapped.truncate() / mapped.z).distance(b)
        };
        let per_sq_px = PI / (size.x * size.y);
        self.ln_false_alarms(self.errors(transfer, reach_px), 4, |error| per_sq_px * error * error)
    }

    fn errors(&self, error: impl Fn(DVec2, DVec2) -> f64, reach_px: f64) -> Vec<f64> {
        let [points1, points2] = self.points_px;
        let errors = points1.iter().zip(points2).map(|(&a, &b)| error(a, b));
        let mut errors: Vec<f64> = errors.filter(|&error| error <= reach_px).collect();
        errors.sort_unstable_by(f64::total_cmp);
        errors
    }

    /// For ascending errors; infinity for no more than a sample.
    fn ln_false_alarms(&self, errors: Vec<f64>, sample_size: usize, probability: impl Fn(f64) -> f64) -> f64 {
        let count = self.points_px[0].len();
        let ln_choose = |n: usize, k: usize| self.ln_factorials[n] - self.ln_factorials[k] - self.ln_factorials[n - k];
        let with = |(index, error): (usize, f64)| {
            let inliers = index + 1;
            let ln_probability = probability(error.max(EXACT_PX)).min(1.0).ln();
            ((count - sample_size) as f64).ln()
                + ln_choose(count, inliers)
                + ln_choose(inliers, sample_size)
                + (inliers - sample_size) as f64 * ln_probability
        };
        errors.into_iter().enumerate().skip(sample_size).map(with).fold(f64::INFINITY, f64::min)
    }
}

fn field(points_px: &[DVec2], size_px: Option<DVec2>) -> DVec2 {
    let low = points_px.iter().copied().fold(DVec2::INFINITY, DVec2::min);
    let high = points_px.iter().copied().fold(DVec2::NEG_INFINITY, DVec2::max);
    let extent = (high - low).max(DVec2::ONE);
    size_px.map_or(extent, |size| size.min(extent))
}
