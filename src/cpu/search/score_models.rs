//! Models × matches → robust scores: the sum of the matches' weighted gains, in vectorised f32.

use super::normalize_matches::{BLOCK, NormalizedMatches};
use crate::cpu::{
    magsac::MagsacFit,
    real::Real,
    residual::{ModelRows, Quotient, Residual, with_residual},
    robust::{Gain, RansacGain, with_gain},
};
use crate::geometry::{EpipolarResidual, ModelKind, Score};
use multiversion::{multiversion, target::match_target};

/// Sums of every so many-th gain that are kept apart: one register of AVX-512, two of AVX2.
const LANES: usize = 16;
/// Blocks from one look at whether a model is hopeless to the next.
const BLOCKS_A_LOOK: usize = 2;

/// Scores models of one kind by one rule.
#[derive(Clone, Copy)]
pub struct Scorer {
    score: Score,
    magsac: MagsacFit,
    residual: EpipolarResidual,
}

impl Scorer {
    /// A scorer for models of `kind`.
    pub fn new(kind: ModelKind, score: Score, residual: EpipolarResidual) -> Self {
        Self { score, magsac: MagsacFit::new(kind), residual }
    }

    /// The score of a model; when it cannot exceed `at_least`, some lower bound of the score at or below it.
    pub fn score(&self, model: &ModelRows, matches: &NormalizedMatches, at_least: f32) -> f32 {
        with_residual!(matches.kind, self.residual, (model, &matches.metric), |residual| {
            if is_hopeless(residual, matches, at_least) {
                return f32::NEG_INFINITY;
            }
            with_gain!(self.score, &self.magsac, residual, |gain| sum_gains(residual, matches, gain, at_least))
        })
    }

    /// The gain of each match, without its weight.
    pub fn gains(&self, model: &ModelRows, matches: &NormalizedMatches) -> Vec<f32> {
        let residuals_sq = self.residuals_sq(model, matches).into_iter().map(|t| Quotient::of(t as f32));
        with_residual!(matches.kind, self.residual, (model, &matches.metric), |residual| {
            with_gain!(self.score, &self.magsac, residual, |gain| residuals_sq.map(|t| gain.gain(t)).collect())
        })
    }

    /// The squared residuals of all matches, in units of the threshold.
    pub fn residuals_sq(&self, model: &ModelRows, matches: &NormalizedMatches) -> Vec<f64> {
        with_residual!(matches.kind, self.residual, (model, &matches.metric), |residual| {
            residuals_sq(residual, matches)
        })
    }
}

/// Whether what is counted with less work, each gain in full, says that a score cannot exceed `at_least`.
fn is_hopeless<R: Residual>(residual: &R, matches: &NormalizedMatches, at_least: f32) -> bool {
    let bound = |relaxed| sum_gains(relaxed, matches, RansacGain, at_least);
    at_least > f32::NEG_INFINITY && residual.relaxed().is_some_and(|relaxed| bound(relaxed) <= at_least)
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+fma+avx2", "x86_64+avx2+fma"))]
fn residuals_sq<R: Residual>(residual: &R, matches: &NormalizedMatches) -> Vec<f64> {
    let columns = matches.columns.each_ref().map(|column| column.as_chunks::<LANES>().0);
    let mut residuals_sq = vec![0.0; columns[0].len() * LANES];
    for (step, out) in residuals_sq.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
        for lane in 0..LANES {
            let x = |k: usize| columns[k][step][lane];
            out[lane] = residual.residual_sq([x(0), x(1), x(2), x(3), x(4), x(5)]);
        }
    }
    residuals_sq.truncate(matches.count);
    residuals_sq
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+fma+avx2", "x86_64+avx2+fma"))]
fn sum_gains<R: Residual, G: Gain>(residual: &R, matches: &NormalizedMatches, gain: G, at_least: f32) -> f32 {
    match_target! {
        "x86_64+avx2+fma" => sum_in_lanes::<crate::cpu::real::Fused<f32>, R, G>(residual, matches, gain, at_least),
        _ => sum_in_lanes::<f32, R, G>(residual, matches, gain, at_least),
    }
}

#[inline(always)]
fn sum_in_lanes<T: Real, R: Residual, G: Gain>(
    residual: &R,
    matches: &NormalizedMatches,
    gain: G,
    at_least: f32,
) -> f32 {
    let column = |k: usize| if k < R::COORDINATES { &matches.columns_f32[k] } else { &matches.score_weights };
    let columns = [0, 1, 2, 3, 4, 5, 6].map(|k| column(k).as_chunks::<LANES>().0);
    let steps = columns[6].len();
    let mut lanes = [T::ZERO; LANES];
    for (look, &remaining) in matches.remaining_weight.iter().step_by(BLOCKS_A_LOOK).enumerate() {
        let sum = total(lanes).value() as f32;
        if sum + remaining <= at_least {
            return sum;
        }
        let start = look * BLOCKS_A_LOOK * (BLOCK / LANES);
        let end = steps.min(start + BLOCKS_A_LOOK * (BLOCK / LANES));
        for step in start..end {
            for lane in 0..LANES {
                let x = |k: usize| T::of(columns[k][step][lane].into());
                let gain = gain.gain(residual.quotient([x(0), x(1), x(2), x(3), x(4), x(5)]));
                lanes[lane] = x(6).multiply_add(gain, lanes[lane]);
            }
        }
    }
    total(lanes).value() as f32
}

/// The sum of some lanes, in halves.
#[inline(always)]
fn total<T: Real>(mut lanes: [T; LANES]) -> T {
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            lanes[lane] = lanes[lane] + lanes[half + lane];
        }
        half /= 2;
    }
    lanes[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Camera, MatchesView};
    use glam::DVec2;

    #[test]
    fn only_models_that_cannot_be_better_are_given_up() {
        let number = |i: u32, seed: f64| (f64::from(i) * seed).sin();
        let points = |seed: f64| -> Vec<DVec2> {
            (0..700).map(|i| 300.0 * DVec2::new(number(i, seed), number(i, seed + 0.1))).collect()
        };
        let (points1_px, points2_px) = (points(1.7), points(2.3));
        let camera = Camera { focal_px: DVec2::splat(500.0), principal_point_px: DVec2::ZERO, skew_px: 0.0 };
        let view = MatchesView::Essential {
            points1_px: &points1_px,
            points2_px: &points2_px,
            camera1: camera,
            camera2: camera,
        };
        let matches = NormalizedMatches::new(&view, 20.0, None, None);
        for score in [Score::Ransac, Score::Msac, Score::Magsacpp] {
            let scorer = Scorer::new(ModelKind::Essential, score, EpipolarResidual::Sampson);
            for seed in 1..100 {
                let [a, b, x, y, z] = [1, 2, 3, 4, 5].map(|i| 0.3 * number(i, f64::from(seed)));
                let model = [[1.0, -a, b, x], [a, 1.0, 0.0, y], [-b, 0.0, 1.0, z]];
                let whole = scorer.score(&model, &matches, f32::NEG_INFINITY);
                assert!(whole > 1.0, "{whole}");
                for at_least in [0.0, 0.5 * whole, 0.999 * whole] {
                    assert_eq!(scorer.score(&model, &matches, at_least), whole);
                }
                for at_least in [whole, 1.001 * whole, 2.0 * whole] {
                    assert!(scorer.score(&model, &matches, at_least) <= at_least);
                }
            }
        }
    }
}
