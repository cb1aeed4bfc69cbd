//! Models × matches → robust scores: the sum of the matches' weighted gains, in vectorised f32.

use super::normalize_matches::{BLOCK, NormalizedMatches};
use crate::cpu::{
    residual::{Essential, Fundamental, Homography, ModelRows, Reprojection, Residual, Rigid, SymmetricEpipolar},
    robust::{Gain, MagsacGain, MsacGain, RansacGain},
};
use crate::geometry::{EpipolarResidual, ModelKind, Score};
use multiversion::multiversion;

const LANES: usize = 16;

/// Scores models of one kind by one rule.
#[derive(Clone, Copy)]
pub struct Scorer {
    score: Score,
    magsac: MagsacGain,
    residual: EpipolarResidual,
}

impl Scorer {
    /// A scorer for models of `kind`.
    pub fn new(kind: ModelKind, score: Score, residual: EpipolarResidual) -> Self {
        Self { score, magsac: MagsacGain::new(kind), residual }
    }

    /// The score of a model; when it cannot exceed `at_least`, some lower bound of the score at or below it.
    pub fn score(&self, model: &ModelRows, matches: &NormalizedMatches, at_least: f32) -> f32 {
        match self.score {
            Score::Ransac => self.with_gain(model, matches, RansacGain, at_least),
            Score::Msac => self.with_gain(model, matches, MsacGain, at_least),
            Score::Magsacpp => self.with_gain(model, matches, self.magsac, at_least),
        }
    }

    fn with_gain<G: Gain>(&self, model: &ModelRows, matches: &NormalizedMatches, gain: G, at_least: f32) -> f32 {
        let metric = &matches.metric;
        match (matches.kind, self.residual) {
            (ModelKind::Essential, _) => sum_gains(&Essential::new(model, metric), matches, gain, at_least),
            (ModelKind::Fundamental, EpipolarResidual::Sampson) => {
                sum_gains(&Fundamental::new(model, metric), matches, gain, at_least)
            }
            (ModelKind::Fundamental, EpipolarResidual::Symmetric) => {
                sum_gains(&SymmetricEpipolar::new(model, metric), matches, gain, at_least)
            }
            (ModelKind::Homography, _) => sum_gains(&Homography::new(model, metric), matches, gain, at_least),
            (ModelKind::Pose, _) => sum_gains(&Reprojection::new(model, metric), matches, gain, at_least),
            (ModelKind::Rigid, _) => sum_gains(&Rigid::new(model, metric), matches, gain, at_least),
        }
    }

    /// The gain of each match, without its weight.
    pub fn gains(&self, model: &ModelRows, matches: &NormalizedMatches) -> Vec<f32> {
        let residuals = self.residuals_sq(model, matches).into_iter().map(|t| t as f32);
        match self.score {
            Score::Ransac => residuals.map(|t| RansacGain.gain(t)).collect(),
            Score::Msac => residuals.map(|t| MsacGain.gain(t)).collect(),
            Score::Magsacpp => residuals.map(|t| self.magsac.gain(t)).collect(),
        }
    }

    /// The squared residuals of all matches, in units of the threshold.
    pub fn residuals_sq(&self, model: &ModelRows, matches: &NormalizedMatches) -> Vec<f64> {
        let metric = &matches.metric;
        match (matches.kind, self.residual) {
            (ModelKind::Essential, _) => residuals_sq(&Essential::new(model, metric), matches),
            (ModelKind::Fundamental, EpipolarResidual::Sampson) => {
                residuals_sq(&Fundamental::new(model, metric), matches)
            }
            (ModelKind::Fundamental, EpipolarResidual::Symmetric) => {
                residuals_sq(&SymmetricEpipolar::new(model, metric), matches)
            }
            (ModelKind::Homography, _) => residuals_sq(&Homography::new(model, metric), matches),
            (ModelKind::Pose, _) => residuals_sq(&Reprojection::new(model, metric), matches),
            (ModelKind::Rigid, _) => residuals_sq(&Rigid::new(model, metric), matches),
        }
    }
}

fn residuals_sq<R: Residual<f64>>(residual: &R, matches: &NormalizedMatches) -> Vec<f64> {
    (0..matches.count).map(|i| residual.residual_sq(std::array::from_fn(|k| matches.columns[k][i]))).collect()
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+fma+avx2", "x86_64+avx2+fma"))]
fn sum_gains<R: Residual<f32>, G: Gain>(residual: &R, matches: &NormalizedMatches, gain: G, at_least: f32) -> f32 {
    let mut sum = 0.0;
    for (block, &remaining) in matches.remaining_weight.iter().enumerate() {
        if sum + remaining <= at_least {
            return sum;
        }
        let column = |k: usize| if k < R::COORDINATES { &matches.columns_f32[k] } else { &matches.score_weights };
        let columns = [0, 1, 2, 3, 4, 5].map(|k| &column(k).as_chunks::<BLOCK>().0[block]);
        sum += block_gain(residual, columns, &matches.score_weights.as_chunks().0[block], gain);
    }
    sum
}

/// The gains of one block; a loop over arrays of one length, which vectorises.
#[inline(always)]
fn block_gain<R: Residual<f32>, G: Gain>(
    residual: &R,
    [a, b, c, d, e, f]: [&[f32; BLOCK]; 6],
    weights: &[f32; BLOCK],
    gain: G,
) -> f32 {
    let mut gains = [0.0f32; BLOCK];
    for k in 0..BLOCK {
        gains[k] = weights[k] * gain.gain(residual.residual_sq([a[k], b[k], c[k], d[k], e[k], f[k]]));
    }
    let mut lanes = [0.0f32; LANES];
    for start in (0..BLOCK).step_by(LANES) {
        for lane in 0..LANES {
            lanes[lane] += gains[start + lane];
        }
    }
    lanes.iter().sum()
}
