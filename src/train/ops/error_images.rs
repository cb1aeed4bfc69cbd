//! The errors of all matches under all hypotheses, as a network that scores hypotheses sees them. Twin:
//! [`cpu::error_images`](crate::cpu::train::error_images).

use super::backend::run;
use super::kernel::{Gradient, Kernel, Launch, Source, WORKGROUP, each_row};
use super::packing::Packing;
use super::residuals::{self, OfResiduals, Pass, Residuals};
use super::solver::model_rows;
use super::spatial::kernel_layout;
use crate::cpu::train::error_images::each_residual_of;
use crate::gpu::shader_part;
use crate::{Error, ModelKind, Result};
use burn::tensor::{Shape, Tensor};

/// The error of every match of its pair under every model \[B, 12\], B = pairs × hypotheses, as \[B, cells\]: what DSAC's score
/// network looks at (Brachmann et al., CVPR 2017), an image for each hypothesis where the matches are the cells of a grid. All
/// pairs have as many matches \[M, d\]. This is the one operation that makes a table of hypotheses × matches; where the score is
/// a soft count of inliers, [`soft_inlier_scores`](super::soft_inlier_scores) needs none.
///
/// Errors are in thresholds, those of [`soft_inlier_scores`](super::soft_inlier_scores), and at most `max_error`. Those beyond,
/// of points behind the camera, and of matches and models that are not finite are `max_error` without a gradient; nor has an
/// error of exactly 0 a gradient. It reaches the models and, as the direct term, the points.
///
/// # Errors
/// [`Error::LengthMismatch`] unless there is a row of coordinates a match, as many for every pair, and models have twelve
/// entries; [`Error::BadOption`] where the models are no multiple of the pairs, or the largest error is not positive and finite.
pub fn error_images(
    kind: ModelKind,
    models: Tensor<2>,
    points: Tensor<2>,
    packing: &Packing,
    max_error: f32,
) -> Result<Tensor<2>> {
    let residuals = Residuals::new(kind, models.dims(), points.dims()[0], packing, max_error)?;
    let cells = packing.rows(0).len();
    if let Some(other) = (0..packing.pairs()).map(|pair| packing.rows(pair).len()).find(|&count| count != cells) {
        return Err(Error::LengthMismatch { what: "matches of every pair", expected: cells, found: other });
    }
    let inputs = vec![models.into_dispatch(), kernel_layout(kind, points)?.into_dispatch()];
    Ok(Tensor::from_dispatch(run(Images { residuals, cells }, inputs)?.swap_remove(0)))
}

/// Models and matches → errors.
#[derive(Clone, Debug)]
pub(super) struct Images {
    residuals: Residuals,
    cells: usize,
}

impl OfResiduals for Images {
    fn residuals(&self) -> &Residuals {
        &self.residuals
    }

    fn params(&self) -> Vec<u32> {
        self.residuals.params([self.cells as u32, 0])
    }

    fn slope(&self, gradients: &[f32], row: usize, place: usize, _: usize, _: f64) -> f64 {
        f64::from(gradients[row * self.cells + place])
    }

    fn source(kind: ModelKind, pass: Pass) -> Source {
        let parts = [shader_part!("train/error_images"), shader_part!("train/error_images_backward")];
        residuals::source("error_images", kind, pass, &[], parts)
    }
}

impl Kernel for Images {
    fn outputs(&self) -> Vec<Shape> {
        vec![Shape::from([self.residuals.rows(), self.cells])]
    }

    fn run(&self, inputs: &[&[f32]], outputs: &mut [Vec<f32>]) {
        let Residuals { kind, hypotheses, max_error, .. } = &self.residuals;
        let matches = self.residuals.wide(inputs[1]);
        each_row(&mut outputs[0], self.cells, |row, out| {
            let pair = self.residuals.pair(row / hypotheses, &matches);
            let model = model_rows(&inputs[0][12 * row..]);
            each_residual_of(*kind, &model, &pair, |i, r| out[i] = r.map_or(*max_error, |r| r as f32));
        });
    }

    fn launch(&self) -> Launch {
        let params = OfResiduals::params(self);
        let entries = (self.residuals.rows() * self.cells) as u32;
        Launch::new(Self::source(self.residuals.kind, Pass::Forward), params, entries.div_ceil(WORKGROUP))
    }

    fn gradients(&self) -> Vec<Gradient> {
        residuals::gradients(self)
    }
}
