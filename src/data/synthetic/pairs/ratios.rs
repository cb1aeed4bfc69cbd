//! SNN ratios of right and wrong matches, and which matches are mutual.

use super::random::{exponential, normal};
use rand::{Rng, RngExt};

/// The ratios of one pair of images.
///
/// Fitted to the matches of castle-P30, KITTI, Monstree and South Building (SIFT, ratio below .95, the best 900 or all
/// below .8) and of castle-P30 (XFeat, mutual).
#[derive(Debug)]
pub(crate) struct Ratios {
    /// All are below it.
    limit: f64,
    right_mean: f64,
    right_spread: f64,
    /// How far below the limit those of unrelated points are on average.
    random_below: f64,
    /// The same of wrong matches that look right.
    lookalike_below: f64,
}

impl Ratios {
    /// Of a pair with this share of right matches. Where few are right the views differ much, and right ratios are high:
    /// in every scene the correlation of the share with the median of the right ratios is −.7 to −.9.
    pub(crate) fn sift(rng: &mut impl Rng, share: f64) -> Self {
        let limit: f64 = match rng.random_range(0.0..1.0) {
            u if u < 0.15 => 0.8,
            u if u < 0.3 => 0.95,
            _ => (0.96 - 0.16 * share + rng.random_range(-0.03..0.03)).clamp(0.78, 0.95),
        };
        Self {
            limit,
            right_mean: 0.77 - 0.4 * share + 0.06 * normal(rng),
            right_spread: rng.random_range(0.13..0.19),
            random_below: rng.random_range(0.04..0.08),
            lookalike_below: rng.random_range(0.06..0.14),
        }
    }

    /// Learned descriptors tell right from wrong less well by their ratio.
    pub(crate) fn learned(rng: &mut impl Rng, share: f64) -> Self {
        Self {
            limit: 1.0,
            right_mean: 0.95 - 0.25 * share + 0.04 * normal(rng),
            right_spread: rng.random_range(0.1..0.16),
            random_below: rng.random_range(0.07..0.12),
            lookalike_below: rng.random_range(0.1..0.16),
        }
    }

    /// Of a right match: higher where the view stretches it, and where the second nearest is the same detail next door.
    pub(crate) fn right(&self, rng: &mut impl Rng, stretch: f64, repeats: bool) -> f64 {
        let mean = self.right_mean + 0.12 * stretch + if repeats { 0.06 } else { 0.0 };
        for _ in 0..8 {
            let ratio = mean + self.right_spread * normal(rng);
            if (0.05..self.limit).contains(&ratio) {
                return ratio;
            }
        }
        rng.random_range(0.6 * self.limit..self.limit)
    }

    /// Of a match of unrelated points.
    pub(crate) fn random(&self, rng: &mut impl Rng) -> f64 {
        self.below_limit(rng, self.random_below)
    }

    /// Of a wrong match to what looks like the right place.
    pub(crate) fn lookalike(&self, rng: &mut impl Rng) -> f64 {
        self.below_limit(rng, self.lookalike_below)
    }

    fn below_limit(&self, rng: &mut impl Rng, mean_below: f64) -> f64 {
        let ratio = self.limit - mean_below * exponential(rng);
        if ratio > 0.2 { ratio } else { rng.random_range(0.5 * self.limit..self.limit) }
    }
}
