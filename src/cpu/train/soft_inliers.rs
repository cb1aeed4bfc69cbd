//! The share of a pair's matches that a model explains, counted softly, and its derivative; f64.
//!
//! s = (1/n) Σ (1 − σ(β (r − 1))), r the residual in thresholds (Brachmann and Rother, DSAC++, CVPR 2018, and DSAC*, PAMI 2021;
//! there times α, which is the sharpness of the selection here).

use super::error_images::{BoundedMatches, each_residual_of};
use crate::ModelKind;
use crate::cpu::residual::ModelRows;

/// How much of an inlier a match is whose residual is r thresholds: 1 − σ(β (r − 1)).
pub fn soft_inlier(r: f64, beta: f64) -> f64 {
    1.0 / (1.0 + (beta * (r - 1.0)).exp())
}

/// Its derivative by r.
pub fn soft_inlier_slope(r: f64, beta: f64) -> f64 {
    let share = soft_inlier(r, beta);
    -beta * share * (1.0 - share)
}

/// The mean over the matches; those that are not finite count 0. 0 without matches.
pub fn soft_inliers(kind: ModelKind, model: &ModelRows, pair: &BoundedMatches<'_>, beta: f64) -> f64 {
    let mut sum = 0.0;
    each_residual_of(kind, model, pair, |_, r| sum += r.map_or(0.0, |r| soft_inlier(r, beta)));
    sum / pair.matches.len().max(1) as f64
}
