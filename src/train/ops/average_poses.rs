//! The mean of the hypotheses of a pair, the soft argmax. Twin: [`cpu::average_poses`](crate::cpu::train::average_poses).

use super::backend::run;
use super::kernel::{Gradient, Kernel, Launch, Operand};
use super::packing::Packing;
use super::select_hypotheses::check_rows;
use super::solver::model_rows;
use crate::cpu::residual::ModelRows;
use crate::cpu::search::normalize_matches::rows_of_pose;
use crate::cpu::train::average_poses::{Average, average_poses as average_of, average_poses_backward};
use crate::gpu::{Shader, shader_part};
use crate::{Error, Result};
use burn::tensor::{Shape, Tensor};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Arc;

/// The mean pose of each pair.
#[derive(Clone, Debug)]
pub struct AveragePose {
    /// \[pairs, 12\]: [R | t]; zeros where there is none.
    pub models: Tensor<2>,
    /// \[pairs\]: 1 where there is a mean, else 0.
    pub valid: Tensor<1>,
    is_undefined: Tensor<1>,
}

impl AveragePose {
    /// Pairs whose hypotheses have no mean, as their rotations are too far apart. Waits for the device.
    pub fn degenerate(&self) -> usize {
        self.is_undefined.clone().into_data().iter::<f32>().filter(|flag| *flag > 0.0).count()
    }
}

/// The mean of the poses or rigid transforms \[B, 12\], B = pairs × hypotheses, of each pair under weights \[B\] ≥ 0, such as the
/// [`probabilities`](super::Selection::probabilities) of a selection: the soft argmax of DSAC (Brachmann et al., CVPR 2017).
///
/// R̄ is the chordal mean: the rotation closest to Σ p R / Σ p. The camera centres c = −Rᵀ t are averaged, not the
/// translations: t̄ = −R̄ c̄, so that the mean does not depend on where the origin of the world is. Weights of one 1 and else 0
/// give that very hypothesis.
///
/// The gradient, in closed form, reaches the models and the weights. Hypotheses of weight 0, zeros and those with entries that
/// are not finite or beyond 10⁹ take no part. Where the rotations are too far apart to have a mean (the two least singular
/// values of Σ p R / Σ p, the last with the sign of its determinant, sum to 0.001 or less), and for a pair without any
/// hypothesis, the mean is zeros, `valid` 0 and the gradient 0.
///
/// # Errors
/// [`Error::LengthMismatch`] for models that have not twelve entries, and unless there is a weight each;
/// [`Error::BadOption`] where the models are no multiple of the pairs.
pub fn average_poses(models: Tensor<2>, weights: Tensor<1>, packing: &Packing) -> Result<AveragePose> {
    let [rows, entries] = models.dims();
    check_rows("entries of a model", 12, entries)?;
    check_rows("weights", rows, weights.dims()[0])?;
    let kernel = Poses { pairs: packing.pairs(), hypotheses: packing.hypotheses(rows)? };
    let mut outputs = run(kernel, vec![models.into_dispatch(), weights.into_dispatch()])?.into_iter();
    match (outputs.next(), outputs.next(), outputs.next()) {
        (Some(models), Some(valid), Some(is_undefined)) => Ok(AveragePose {
            models: Tensor::from_dispatch(models),
            valid: Tensor::from_dispatch(valid),
            is_undefined: Tensor::from_dispatch(is_undefined),
        }),
        _ => Err(Error::Device("no mean".into())),
    }
}

/// Models and weights → mean models, whether there is one, and whether it is undefined.
#[derive(Clone, Copy, Debug)]
struct Poses {
    pairs: usize,
    hypotheses: usize,
}

impl Poses {
    fn launch_of(&self, shader: Shader<'static>) -> Launch {
        Launch::new(shader, vec![self.pairs as u32, self.hypotheses as u32], self.pairs as u32)
    }

    fn rows(&self, pair: usize) -> Range<usize> {
        pair * self.hypotheses..(pair + 1) * self.hypotheses
    }

    /// The models and the weights of a pair.
    fn of_pair(&self, pair: usize, models: &[f32], weights: &[f32]) -> (Vec<ModelRows>, Vec<f64>) {
        let models = self.rows(pair).map(|row| model_rows(&models[12 * row..])).collect();
        (models, weights[self.rows(pair)].iter().copied().map(f64::from).collect())
    }
}

impl Kernel for Poses {
    fn outputs(&self) -> Vec<Shape> {
        vec![Shape::from([self.pairs, 12]), Shape::from([self.pairs]), Shape::from([self.pairs])]
    }

    fn run(&self, inputs: &[&[f32]], outputs: &mut [Vec<f32>]) {
        for pair in 0..self.pairs {
            let (models, weights) = self.of_pair(pair, inputs[0], inputs[1]);
            match average_of(&models, &weights) {
                Average::Mean { pose, .. } => {
                    for (out, entry) in outputs[0][12 * pair..].iter_mut().zip(rows_of_pose(&pose).as_flattened()) {
                        *out = *entry as f32;
                    }
                    outputs[1][pair] = 1.0;
                }
                Average::Undefined => outputs[2][pair] = 1.0,
                Average::Nothing => {}
            }
        }
    }

    fn launch(&self) -> Launch {
        self.launch_of(FORWARD)
    }

    fn gradients(&self) -> Vec<Gradient> {
        let operands = [0, 1].map(Operand::Input).to_vec();
        let by = |by_weights: bool| Gradient {
            kernel: Arc::new(PosesBackward { poses: *self, by_weights }),
            operands: operands.clone(),
            report: None,
        };
        vec![by(false), by(true)]
    }
}

/// Models, weights and the gradient by the means → that by the models, or by the weights.
#[derive(Debug)]
struct PosesBackward {
    poses: Poses,
    by_weights: bool,
}

impl Kernel for PosesBackward {
    fn outputs(&self) -> Vec<Shape> {
        let rows = self.poses.pairs * self.poses.hypotheses;
        vec![if self.by_weights { Shape::from([rows]) } else { Shape::from([rows, 12]) }]
    }

    fn run(&self, inputs: &[&[f32]], outputs: &mut [Vec<f32>]) {
        let of_pair = |pair: usize| {
            let (models, weights) = self.poses.of_pair(pair, inputs[0], inputs[1]);
            let gradients = average_poses_backward(&models, &weights, &model_rows(&inputs[2][12 * pair..]));
            if self.by_weights { gradients.weights } else { gradients.models.into_flattened().into_flattened() }
        };
        let of_pairs: Vec<Vec<f64>> = (0..self.poses.pairs).into_par_iter().map(of_pair).collect();
        for (out, g) in outputs[0].iter_mut().zip(of_pairs.iter().flatten()) {
            *out = *g as f32;
        }
    }

    fn launch(&self) -> Launch {
        self.poses.launch_of(if self.by_weights { BY_WEIGHTS } else { BY_MODELS })
    }
}

/// The parts of a shader of mean poses.
macro_rules! shader {
    ($name:literal, $stem:literal) => {
        Shader {
            name: $name,
            parts: &[
                shader_part!("shared/layout/dispatch"),
                shader_part!("shared/layout/hypotheses"),
                shader_part!("shared/layout/model_rows"),
                shader_part!("shared/algebra/moderate"),
                shader_part!("shared/algebra/workgroup_sum"),
                shader_part!("shared/algebra/matrix3"),
                shader_part!("shared/algebra/jacobi_rotation"),
                shader_part!("shared/algebra/svd3"),
                shader_part!("shared/solver/mean_pose"),
                shader_part!($stem),
            ],
        }
    };
}

/// A workgroup a pair, all three.
pub(super) const FORWARD: Shader = shader!("average_poses", "train/average_poses");
pub(super) const BY_MODELS: Shader = shader!("average_poses_backward", "train/average_poses_backward");
pub(super) const BY_WEIGHTS: Shader = shader!("average_poses_weights_backward", "train/average_poses_weights_backward");
