//! The score of a model as the weighted sum of its matches' gains, and its gradient by the weights: those gains.

use crate::cpu::{
    magsac::MagsacFit,
    residual::{ModelRows, Residual, with_residual},
    robust::{Gain, with_gain},
};
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
    magsac: MagsacFit,
}

impl std::fmt::Debug for Gains {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gains").field("kind", &self.kind).field("score", &self.score).finish_non_exhaustive()
    }
}

impl Gains {
    /// Of models of a kind.
    pub fn new(kind: ModelKind, score: Score, residual: EpipolarResidual) -> Self {
        Self { kind, score, residual, magsac: MagsacFit::new(kind) }
    }

    /// What the MAGSAC++ gain is computed from, as the shader takes it.
    pub const fn magsac(&self) -> &MagsacFit {
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
        with_residual!(self.kind, self.residual, (model, metric), |residual| {
            with_gain!(self.score, &self.magsac, residual, |gain| gains(residual, matches, width, gain, body));
        });
    }
}

fn gains<R: Residual>(residual: &R, matches: &[f32], width: usize, gain: impl Gain, mut body: impl FnMut(usize, f32)) {
    for (i, row) in matches.chunks(width).enumerate() {
        let x = match (width, R::COORDINATES) {
            (4, _) => [row[0], row[1], row[2], row[3], 0.0, 0.0],
            _ => [row[0], row[1], row[2], row[4], row[5], row[6]],
        };
        body(i, gain.gain(residual.quotient(x)));
    }
}
