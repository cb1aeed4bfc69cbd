//! Soft inlier counts as the scores of hypotheses. Twin: [`cpu::soft_inliers`](crate::cpu::train::soft_inliers).

use super::backend::run;
use super::kernel::{Gradient, Kernel, Launch, Source, each_row};
use super::packing::Packing;
use super::residuals::{self, OfResiduals, Pass, Residuals, check_positive};
use super::solver::model_rows;
use super::spatial::kernel_layout;
use crate::cpu::train::soft_inliers::{soft_inlier_slope, soft_inliers};
use crate::gpu::shader_part;
use crate::{ModelKind, Result};
use burn::tensor::{Shape, Tensor};

/// How inliers are counted softly. Errors are in thresholds: those of the [`Packing`], in pixels / focal length.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SoftInliers {
    /// How steeply the count falls at the threshold, β per threshold: a match counts 0.5 there. DSAC*'s 5/τ is 5.
    pub beta: f32,
    /// Errors are at most so large, thresholds: DSAC*'s 100 pixels at a threshold of 10 are 10.
    pub max_error: f32,
}

impl Default for SoftInliers {
    fn default() -> Self {
        Self { beta: 5.0, max_error: 10.0 }
    }
}

/// The score of every model \[B, 12\], B = pairs × hypotheses, as \[B\]: the share of its pair's matches \[M, d\] that it explains,
/// s = (1/n) Σ (1 − σ(β (r − 1))) in 0..=1, with r the error in thresholds: for a pose the reprojection error, for a rigid
/// transform the distance, for E and F the Sampson error, for H the transfer error in both images. DSAC*'s score (Brachmann and
/// Rother, PAMI 2021) is α = 100 times that: the sharpness of [`select_hypotheses`](super::select_hypotheses).
///
/// The gradient reaches the models and the points, to which it is the direct term alone: that by the models goes on to the
/// points they were solved from through their solver. Errors beyond the largest, and of points behind the camera, are the
/// largest and have no gradient; nor has an error of exactly 0. Matches that are not finite count 0; so do all under a model that
/// is not finite. Of an invalid model (zeros) the score is finite.
///
/// # Errors
/// [`Error::LengthMismatch`](crate::Error) unless there is a row of coordinates a match and models have twelve entries;
/// [`Error::BadOption`](crate::Error) where the models are no multiple of the pairs, or an option is not positive and finite.
pub fn soft_inlier_scores(
    kind: ModelKind,
    models: Tensor<2>,
    points: Tensor<2>,
    packing: &Packing,
    options: &SoftInliers,
) -> Result<Tensor<1>> {
    check_positive("beta", options.beta)?;
    let residuals = Residuals::new(kind, models.dims(), points.dims()[0], packing, options.max_error)?;
    let kernel = Scores { residuals, beta: options.beta };
    let inputs = vec![models.into_dispatch(), kernel_layout(kind, points)?.into_dispatch()];
    Ok(Tensor::from_dispatch(run(kernel, inputs)?.swap_remove(0)))
}

/// Models and matches → scores.
#[derive(Clone, Debug)]
pub(super) struct Scores {
    residuals: Residuals,
    beta: f32,
}

impl OfResiduals for Scores {
    fn residuals(&self) -> &Residuals {
        &self.residuals
    }

    fn params(&self) -> Vec<u32> {
        self.residuals.params([0, self.beta.to_bits()])
    }

    fn slope(&self, gradients: &[f32], row: usize, _: usize, count: usize, r: f64) -> f64 {
        f64::from(gradients[row]) * soft_inlier_slope(r, f64::from(self.beta)) / count as f64
    }

    fn source(kind: ModelKind, pass: Pass) -> Source {
        let shared = [shader_part!("shared/residual/soft_inlier")];
        let parts = [shader_part!("train/soft_inliers"), shader_part!("train/soft_inliers_backward")];
        residuals::source("soft_inliers", kind, pass, &shared, parts)
    }
}

impl Kernel for Scores {
    fn outputs(&self) -> Vec<Shape> {
        vec![Shape::from([self.residuals.rows()])]
    }

    fn run(&self, inputs: &[&[f32]], outputs: &mut [Vec<f32>]) {
        let Residuals { kind, hypotheses, .. } = &self.residuals;
        let matches = self.residuals.wide(inputs[1]);
        each_row(&mut outputs[0], 1, |row, out| {
            let pair = self.residuals.pair(row / hypotheses, &matches);
            out[0] = soft_inliers(*kind, &model_rows(&inputs[0][12 * row..]), &pair, f64::from(self.beta)) as f32;
        });
    }

    fn launch(&self) -> Launch {
        let params = OfResiduals::params(self);
        Launch::new(Self::source(self.residuals.kind, Pass::Forward), params, self.residuals.rows() as u32)
    }

    fn gradients(&self) -> Vec<Gradient> {
        residuals::gradients(self)
    }
}
