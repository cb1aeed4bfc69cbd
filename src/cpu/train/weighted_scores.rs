//! The score of a model as the weighted sum of its matches' gains, and its gradient by the weights: those gains.

use crate::cpu::residual::{
    Essential, Fundamental, Homography, ModelRows, Reprojection, Residual, Rigid, SymmetricEpipolar,
};
use crate::cpu::robust::{Gain, MagsacGain, MsacGain, RansacGain};
use crate::geometry::{EpipolarResidual, ModelKind, Score};

/// The gains of matches under a model.
#[derive(Clone, Copy)]
pub struct Gains {
    /// What the models are.
    pub kind: ModelKind,
    /// The gain.
    pub score: Score,
    /// The residual of a fundamental matrix.
    pub residual: EpipolarResidual,
    magsac: MagsacGain,
}

impl std::fmt::Debug for Gains {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gains").field("kind", &self.kind).field("score", &self.score).finish_non_exhaustive()
    }
}

impl Gains {
    /// Of models of a kind.
    pub fn new(kind: ModelKind, score: Score, residual: EpipolarResidual) -> Self {
        Self { kind, score, residual, magsac: MagsacGain::new(kind) }
    }

    /// Coefficients of the MAGSAC++ gain, as the shader takes them.
    pub const fn magsac(&self) -> &MagsacGain {
        &self.magsac
    }

    /// Calls `body` with the index and the gain of each match, in the layout of kernels, `width` numbers a match. A gain that
    /// is not finite is 0.
    pub fn each(
        &self,
        model: &ModelRows,
        metric: &[f64; 4],
        matches: &[f32],
        width: usize,
        body: impl FnMut(usize, f32),
    ) {
        match self.score {
            Score::Ransac => self.with_gain(model, metric, matches, width, RansacGain, body),
            Score::Msac => self.with_gain(model, metric, matches, width, MsacGain, body),
            Score::Magsacpp => self.with_gain(model, metric, matches, width, self.magsac, body),
        }
    }

    fn with_gain(
        &self,
        model: &ModelRows,
        metric: &[f64; 4],
        matches: &[f32],
        width: usize,
        gain: impl Gain,
        body: impl FnMut(usize, f32),
    ) {
        match (self.kind, self.residual) {
            (ModelKind::Essential, _) => gains(&Essential::new(model, metric), matches, width, gain, body),
            (ModelKind::Fundamental, EpipolarResidual::Sampson) => {
                gains(&Fundamental::new(model, metric), matches, width, gain, body);
            }
            (ModelKind::Fundamental, EpipolarResidual::Symmetric) => {
                gains(&SymmetricEpipolar::new(model, metric), matches, width, gain, body);
            }
            (ModelKind::Homography, _) => gains(&Homography::new(model, metric), matches, width, gain, body),
            (ModelKind::Pose, _) => gains(&Reprojection::new(model, metric), matches, width, gain, body),
            (ModelKind::Rigid, _) => gains(&Rigid::new(model, metric), matches, width, gain, body),
        }
    }
}

fn gains<R: Residual<f32>>(
    residual: &R,
    matches: &[f32],
    width: usize,
    gain: impl Gain,
    mut body: impl FnMut(usize, f32),
) {
    for (i, row) in matches.chunks(width).enumerate() {
        let x = match (width, R::COORDINATES) {
            (4, _) => [row[0], row[1], row[2], row[3], 0.0, 0.0],
            _ => [row[0], row[1], row[2], row[4], row[5], row[6]],
        };
        body(i, gain.gain(residual.residual_sq(x)));
    }
}
