//! Scores of all hypotheses with a weight a match. Twin: [`cpu::weighted_scores`](crate::cpu::train::weighted_scores).

use super::backend::run;
use super::kernel::{Gradient, Kernel, Launch, Operand, Source, WORKGROUP, each_row};
use super::packing::Packing;
use super::solver::model_rows;
use super::spatial::{kernel_layout, kernel_width};
use crate::constants;
use crate::cpu::train::weighted_scores::Gains;
use crate::geometry::EpipolarResidual;
use crate::gpu::shader_part;
use crate::kernels::Variant;
use crate::{Error, ModelKind, Result, Score};
use burn::tensor::{Shape, Tensor};
use std::sync::Arc;

/// s = Σ wᵢ gain(rᵢ) of every model \[B, 12\], B = pairs × hypotheses, over the matches \[M, d\] of its pair with weights \[M\],
/// as \[B\]; the gains and residuals (Sampson) are those of the estimator's score.
///
/// The gradient reaches the weights: the gains, computed anew in the backward pass; the models and coordinates count as
/// constants. A gain or a weight that is not finite counts as 0.
///
/// # Errors
/// [`Error::LengthMismatch`] unless there is a weight and a row of coordinates a match and models have twelve entries;
/// [`Error::BadOption`] where the models are no multiple of the pairs.
pub fn weighted_scores(
    kind: ModelKind,
    score: Score,
    weights: Tensor<1>,
    models: Tensor<2>,
    points: Tensor<2>,
    packing: &Packing,
) -> Result<Tensor<1>> {
    let [rows, entries] = models.dims();
    packing.check_matches("points", points.dims()[0])?;
    packing.check_matches("weights", weights.dims()[0])?;
    if entries != 12 {
        return Err(Error::LengthMismatch { what: "entries of a model", expected: 12, found: entries });
    }
    let hypotheses = packing.hypotheses(rows)?;
    let gains = Gains::new(kind, score, EpipolarResidual::Sampson);
    let kernel = WeightedScores { gains, packing: Arc::new(packing.clone()), hypotheses };
    let inputs = vec![weights.into_dispatch(), models.into_dispatch(), kernel_layout(kind, points)?.into_dispatch()];
    Ok(Tensor::from_dispatch(run(kernel, inputs)?.swap_remove(0)))
}

/// Weights, models and matches → scores.
#[derive(Clone, Debug)]
struct WeightedScores {
    gains: Gains,
    packing: Arc<Packing>,
    hypotheses: usize,
}

impl WeightedScores {
    /// Calls `body` with the index in the pair and the gain of each match of a row.
    fn each_gain(&self, row: usize, models: &[f32], matches: &[f32], body: impl FnMut(usize, f32)) {
        let pair = row / self.hypotheses;
        let (rows, width) = (self.packing.rows(pair), kernel_width(self.gains.kind));
        let matches = &matches[rows.start * width..rows.end * width];
        self.gains.each(&model_rows(&models[12 * row..]), &self.packing.metric(pair), matches, width, body);
    }

    /// After the packing comes what the MAGSAC++ gain is computed from.
    fn params(&self) -> Vec<u32> {
        let mut params = self.packing.params(self.hypotheses, &[]);
        params.extend(self.gains.magsac().vectors().as_flattened().iter().map(|number| number.to_bits()));
        params
    }

    fn source(&self, stem: Stem) -> Source {
        source(self.gains.kind, self.gains.score, stem)
    }
}

impl Kernel for WeightedScores {
    fn outputs(&self) -> Vec<Shape> {
        vec![Shape::from([self.packing.pairs() * self.hypotheses])]
    }

    fn run(&self, inputs: &[&[f32]], outputs: &mut [Vec<f32>]) {
        let [weights, models, matches] = inputs else { return };
        each_row(&mut outputs[0], 1, |row, out| {
            let weights = &weights[self.packing.rows(row / self.hypotheses)];
            self.each_gain(row, models, matches, |i, gain| {
                if weights[i].is_finite() {
                    out[0] += weights[i] * gain;
                }
            });
        });
    }

    fn launch(&self) -> Launch {
        let rows = self.packing.pairs() * self.hypotheses;
        Launch::new(self.source(Stem::Forward), self.params(), rows as u32)
    }

    fn gradients(&self) -> Vec<Gradient> {
        let operands = vec![Operand::Input(1), Operand::Input(2)];
        vec![Gradient { kernel: Arc::new(WeightedScoresBackward(self.clone())), operands, report: None }]
    }
}

/// Models, matches and the gradient by the scores → that by the weights.
#[derive(Debug)]
struct WeightedScoresBackward(WeightedScores);

impl Kernel for WeightedScoresBackward {
    fn outputs(&self) -> Vec<Shape> {
        vec![Shape::from([self.0.packing.matches()])]
    }

    fn run(&self, inputs: &[&[f32]], outputs: &mut [Vec<f32>]) {
        let [models, matches, by_scores] = inputs else { return };
        let WeightedScores { packing, hypotheses, .. } = &self.0;
        let mut pairs = vec![Vec::new(); packing.pairs()];
        each_row(&mut pairs, 1, |pair, out| {
            let mut sums = vec![0.0_f32; packing.rows(pair).len()];
            for row in pair * hypotheses..(pair + 1) * hypotheses {
                if by_scores[row] != 0.0 {
                    self.0.each_gain(row, models, matches, |i, gain| sums[i] += by_scores[row] * gain);
                }
            }
            out[0] = sums;
        });
        for (out, sum) in outputs[0].iter_mut().zip(pairs.iter().flatten()) {
            *out = *sum;
        }
    }

    fn launch(&self) -> Launch {
        Launch::new(
            self.0.source(Stem::ByWeights),
            self.0.params(),
            (self.0.packing.matches() as u32).div_ceil(WORKGROUP),
        )
    }
}

/// The shader for a kind and a gain: a workgroup a model; its gradient a match an invocation.
pub(super) fn source(kind: ModelKind, score: Score, stem: Stem) -> Source {
    let variant = Variant { kind, residual: EpipolarResidual::Sampson, score };
    let mut parts = vec![
        constants::SEARCH,
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/layout/packing"),
        shader_part!("shared/algebra/workgroup_sum"),
        variant.layout(),
    ];
    parts.extend(variant.residual());
    parts.push(shader_part!("shared/gain/magsac_params"));
    parts.push(variant.gain());
    parts.push(match stem {
        Stem::Forward => shader_part!("train/weighted_scores"),
        Stem::ByWeights => shader_part!("train/weighted_scores_backward"),
    });
    Source { name: "weighted_scores", parts }
}

/// Which of the two.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stem {
    Forward,
    ByWeights,
}
