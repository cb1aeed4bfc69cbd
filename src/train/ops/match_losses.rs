//! Losses of all hypotheses over the matches of their pairs, without a table of hypotheses × matches. Twin:
//! [`cpu::match_losses`](crate::cpu::train::match_losses).

use super::backend::run;
use super::kernel::{Gradient, Kernel, Launch, Operand, Source, WORKGROUP, each_row};
use super::packing::Packing;
use super::solver::model_rows;
use super::spatial::{kernel_layout, kernel_width};
use crate::cpu::train::match_losses::{LabelledMatches, losses_backward_of, losses_of, losses_points_backward_of};
use crate::geometry::EpipolarResidual;
use crate::gpu::shader_part;
use crate::kernels::Variant;
use crate::{Error, ModelKind, Result, Score};
use burn::tensor::{Shape, Tensor};
use std::sync::Arc;

/// Two losses of every hypothesis, \[B\] each; gradients to the models and to the coordinates of the matches.
#[derive(Clone, Debug)]
pub struct MatchLosses {
    /// L_inlier: mean over the pair's matches of the binary cross entropy between the probability p = 0.99 / (1 + t) of being
    /// an inlier, that the model implies by the squared error t in thresholds, and the label.
    pub inlier: Tensor<1>,
    /// L_epi for E and F: mean over the pair's true inliers of the symmetric epipolar error, the mean of the two squared
    /// point-to-line distances in squared thresholds, clamped. For H the symmetric transfer error, for a pose the
    /// reprojection error, for a rigid transform the distance, all squared and clamped likewise.
    pub error: Tensor<1>,
}

/// [`MatchLosses`] of the models \[B, 12\], B = pairs × hypotheses, over the packed matches \[M, d\] with labels \[M\], 1 for a true
/// inlier and 0 for an outlier; `clamp` is in squared thresholds.
///
/// Of an invalid model (zeros) both are finite and have no gradient. Matches whose error is not finite, or beyond the clamp,
/// add a constant.
///
/// # Errors
/// [`Error::LengthMismatch`] unless there is a label and a row of coordinates a match and models have twelve entries;
/// [`Error::BadOption`] where the models are no multiple of the pairs or the clamp is not positive.
pub fn match_losses(
    kind: ModelKind,
    models: Tensor<2>,
    points: Tensor<2>,
    labels: Tensor<1>,
    packing: &Packing,
    clamp: f32,
) -> Result<MatchLosses> {
    let [rows, entries] = models.dims();
    packing.check_matches("points", points.dims()[0])?;
    packing.check_matches("labels", labels.dims()[0])?;
    if entries != 12 {
        return Err(Error::LengthMismatch { what: "entries of a model", expected: 12, found: entries });
    }
    if clamp.is_nan() || clamp <= 0.0 {
        return Err(Error::BadOption { name: "clamp", expected: "a positive number", found: clamp.to_string() });
    }
    let hypotheses = packing.hypotheses(rows)?;
    let kernel = Losses { kind, packing: Arc::new(packing.clone()), hypotheses, clamp };
    let inputs = vec![models.into_dispatch(), kernel_layout(kind, points)?.into_dispatch(), labels.into_dispatch()];
    let losses = Tensor::<2>::from_dispatch(run(kernel, inputs)?.swap_remove(0));
    let column = |k: usize| losses.clone().narrow(1, k, 1).reshape([rows]);
    Ok(MatchLosses { inlier: column(0), error: column(1) })
}

/// Models, matches and labels → the two losses of each model.
#[derive(Clone, Debug)]
struct Losses {
    kind: ModelKind,
    packing: Arc<Packing>,
    hypotheses: usize,
    clamp: f32,
}

impl Losses {
    fn rows(&self) -> usize {
        self.packing.pairs() * self.hypotheses
    }

    fn pair<'a>(&self, pair: usize, matches: &'a [f32], labels: &'a [f32]) -> LabelledMatches<'a> {
        let (rows, width) = (self.packing.rows(pair), kernel_width(self.kind));
        LabelledMatches {
            matches: &matches[rows.start * width..rows.end * width],
            width,
            labels: &labels[rows],
            metric: self.packing.metric(pair),
            clamp: f64::from(self.clamp),
        }
    }

    fn params(&self) -> Vec<u32> {
        self.packing.params(self.hypotheses, &[self.clamp.to_bits()])
    }
}

/// The gradient by both losses of a row.
fn by_losses(gradients: &[f32], row: usize) -> [f64; 2] {
    [0, 1].map(|k| f64::from(gradients[2 * row + k]))
}

impl Kernel for Losses {
    fn outputs(&self) -> Vec<Shape> {
        vec![Shape::from([self.rows(), 2])]
    }

    fn run(&self, inputs: &[&[f32]], outputs: &mut [Vec<f32>]) {
        let [models, matches, labels] = inputs else { return };
        each_row(&mut outputs[0], 2, |row, out| {
            let pair = self.pair(row / self.hypotheses, matches, labels);
            let losses = losses_of(self.kind, &model_rows(&models[12 * row..]), &pair);
            out.copy_from_slice(&losses.map(|loss| loss as f32));
        });
    }

    fn launch(&self) -> Launch {
        Launch::new(source(self.kind, Pass::Forward), self.params(), self.rows() as u32)
    }

    fn gradients(&self) -> Vec<Gradient> {
        let operands = [0, 1, 2].map(Operand::Input).to_vec();
        let by = |points: bool| Gradient {
            kernel: Arc::new(LossesBackward { losses: self.clone(), by_points: points }),
            operands: operands.clone(),
            report: None,
        };
        vec![by(false), by(true)]
    }
}

/// Models, matches, labels and the gradient by the losses → that by the models, or by the matches.
#[derive(Debug)]
struct LossesBackward {
    losses: Losses,
    by_points: bool,
}

impl Kernel for LossesBackward {
    fn outputs(&self) -> Vec<Shape> {
        let Losses { kind, packing, .. } = &self.losses;
        vec![if self.by_points {
            Shape::from([packing.matches(), kernel_width(*kind)])
        } else {
            Shape::from([self.losses.rows(), 12])
        }]
    }

    fn run(&self, inputs: &[&[f32]], outputs: &mut [Vec<f32>]) {
        let [models, matches, labels, gradients] = inputs else { return };
        let Losses { kind, packing, hypotheses, .. } = &self.losses;
        if !self.by_points {
            each_row(&mut outputs[0], 12, |row, out| {
                let pair = self.losses.pair(row / hypotheses, matches, labels);
                let model = model_rows(&models[12 * row..]);
                let gradient = losses_backward_of(*kind, &model, &pair, by_losses(gradients, row));
                for (out, g) in out.iter_mut().zip(gradient.iter().flatten()) {
                    *out = *g as f32;
                }
            });
            return;
        }
        let mut pairs = vec![Vec::new(); packing.pairs()];
        each_row(&mut pairs, 1, |index, out| {
            let pair = self.losses.pair(index, matches, labels);
            let mut sums = vec![0.0; pair.matches.len()];
            for row in index * hypotheses..(index + 1) * hypotheses {
                let model = model_rows(&models[12 * row..]);
                losses_points_backward_of(*kind, &model, &pair, by_losses(gradients, row), &mut sums);
            }
            out[0] = sums;
        });
        for (out, sum) in outputs[0].iter_mut().zip(pairs.iter().flatten()) {
            *out = *sum as f32;
        }
    }

    fn launch(&self) -> Launch {
        let (pass, workgroups) = if self.by_points {
            (Pass::ByPoints, (self.losses.packing.matches() as u32).div_ceil(WORKGROUP))
        } else {
            (Pass::ByModels, self.losses.rows() as u32)
        };
        Launch::new(source(self.losses.kind, pass), self.losses.params(), workgroups)
    }
}

/// Which of the shaders.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pass {
    Forward,
    ByModels,
    ByPoints,
}

/// A workgroup a model, the same, a match an invocation.
pub(super) fn source(kind: ModelKind, pass: Pass) -> Source {
    let mut parts = error_parts(kind);
    parts.push(shader_part!("shared/residual/match_errors"));
    parts.push(match pass {
        Pass::Forward => shader_part!("train/match_losses"),
        Pass::ByModels => shader_part!("train/match_losses_backward"),
        Pass::ByPoints => shader_part!("train/match_losses_points_backward"),
    });
    Source { name: "match_losses", parts }
}

/// `match_errors` and `error_gradient` of a kind, over packed matches.
pub(super) fn error_parts(kind: ModelKind) -> Vec<&'static str> {
    let variant = Variant { kind, residual: EpipolarResidual::Symmetric, score: Score::Msac };
    let mut parts = vec![
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/layout/packing"),
        shader_part!("shared/algebra/moderate"),
        shader_part!("shared/algebra/workgroup_sum"),
        variant.layout(),
    ];
    parts.extend(match kind {
        ModelKind::Essential => {
            vec![shader_part!("shared/residual/errors_epipolar"), shader_part!("shared/residual/errors_essential")]
        }
        ModelKind::Fundamental => {
            vec![shader_part!("shared/residual/errors_epipolar"), shader_part!("shared/residual/errors_fundamental")]
        }
        ModelKind::Homography => {
            vec![shader_part!("shared/residual/errors_image"), shader_part!("shared/residual/errors_homography")]
        }
        ModelKind::Pose => {
            vec![shader_part!("shared/residual/errors_image"), shader_part!("shared/residual/errors_pose")]
        }
        ModelKind::Rigid => vec![shader_part!("shared/residual/errors_rigid")],
    });
    parts.push(shader_part!("shared/residual/error_gradient"));
    parts
}
