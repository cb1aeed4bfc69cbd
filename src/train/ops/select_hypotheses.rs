//! The selection of one hypothesis a pair by its score, with a gradient. Twin:
//! [`cpu::select_hypotheses`](crate::cpu::train::select_hypotheses).

use super::backend::run;
use super::kernel::{Gradient, Kernel, Launch, Operand};
use super::packing::Packing;
use crate::cpu::train::select_hypotheses::{
    Probabilities, select_hypotheses as probabilities_of, select_hypotheses_backward,
};
use crate::gpu::{Shader, shader_part};
use crate::{Error, Result};
use burn::tensor::{Shape, Tensor};
use rayon::prelude::*;
use std::sync::Arc;

/// How likely each hypothesis of each pair is selected, p = softmax(α s) over the hypotheses of a pair (DSAC; Brachmann et al.,
/// CVPR 2017).
///
/// Whatever is a mean under p has its gradient by the scores: [`expected_loss`](Self::expected_loss),
/// [`average_poses`](super::average_poses), or any Σ p x of your own.
#[derive(Clone, Debug)]
pub struct Selection {
    /// \[B\]: p, which sums to 1 over a pair; 0 for hypotheses that cannot be selected. Its gradient reaches the scores.
    pub probabilities: Tensor<1>,
    /// \[pairs\]: the entropy −Σ p log₂ p, bits, from 0 to log₂ of the hypotheses; without a gradient.
    pub entropy_bits: Tensor<1>,
    /// \[pairs\]: how many hypotheses can be selected; 0 for a lost pair. Without a gradient.
    pub choices: Tensor<1>,
}

/// Of scores \[B\], B = pairs × hypotheses, and of whether there is a model, `valid` \[B\] above ½; `sharpness` is α ≥ 0.
///
/// Hypotheses without a model and those whose score is not finite are never selected and have gradient 0.
///
/// # Errors
/// [`Error::BadOption`] where the scores are no multiple of the pairs, or the sharpness is negative or not finite;
/// [`Error::LengthMismatch`] unless there is a score for each of `valid`.
pub fn select_hypotheses(scores: Tensor<1>, valid: Tensor<1>, packing: &Packing, sharpness: f32) -> Result<Selection> {
    let rows = scores.dims()[0];
    let hypotheses = packing.hypotheses(rows)?;
    check_rows("valid", rows, valid.dims()[0])?;
    if !(sharpness.is_finite() && sharpness >= 0.0) {
        let found = sharpness.to_string();
        return Err(Error::BadOption { name: "sharpness", expected: "0 or more, finite", found });
    }
    let kernel = Select { pairs: packing.pairs(), hypotheses, sharpness };
    let outputs = run(kernel, vec![scores.into_dispatch(), valid.into_dispatch()])?;
    let mut outputs = outputs.into_iter().map(Tensor::from_dispatch);
    match (outputs.next(), outputs.next(), outputs.next()) {
        (Some(probabilities), Some(entropy_bits), Some(choices)) => {
            Ok(Selection { probabilities, entropy_bits, choices })
        }
        _ => Err(Error::Device("no probabilities".into())),
    }
}

impl Selection {
    /// The expected loss of each pair, \[pairs\], from the losses \[B\]: E = Σ p l over the hypotheses whose loss is finite, p
    /// normalised over these. 0 without gradient for a lost pair.
    ///
    /// Its gradient is p by the losses and α p (l − E) by the scores. Where one of the two is not wanted, detach the losses, or
    /// the scores before they are given to [`select_hypotheses`]: it is then not computed.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] unless there is a loss a hypothesis.
    // A product and a sum, which plain tensor operations do as well as a kernel.
    pub fn expected_loss(&self, losses: Tensor<1>) -> Result<Tensor<1>> {
        let (pairs, rows) = (self.choices.dims()[0], self.probabilities.dims()[0]);
        check_rows("losses", rows, losses.dims()[0])?;
        let by_pair = |values: Tensor<1>| values.reshape([pairs, rows / pairs]);
        let is_finite = losses.clone().detach().abs().lower_elem(f32::MAX);
        let losses = losses.mask_fill(is_finite.clone().bool_not(), 0.0);
        let counted = self.probabilities.clone() * is_finite.float();
        let total = by_pair(counted.clone()).sum_dim(1).clamp_min(LEAST);
        Ok((by_pair(counted * losses).sum_dim(1) / total).reshape([pairs]))
    }
}

/// Probabilities that sum to less are none: those of a lost pair.
const LEAST: f32 = 1e-12;

/// # Errors
/// [`Error::LengthMismatch`] unless there are as many as hypotheses.
pub(super) fn check_rows(what: &'static str, expected: usize, found: usize) -> Result<()> {
    if expected == found { Ok(()) } else { Err(Error::LengthMismatch { what, expected, found }) }
}

/// Scores and whether there is a model → probabilities, entropies and choices.
#[derive(Clone, Copy, Debug)]
struct Select {
    pairs: usize,
    hypotheses: usize,
    sharpness: f32,
}

impl Select {
    fn launch_of(&self, shader: Shader<'static>) -> Launch {
        let params = vec![self.pairs as u32, self.hypotheses as u32, self.sharpness.to_bits()];
        Launch::new(shader, params, self.pairs as u32)
    }

    fn rows(&self, pair: usize) -> std::ops::Range<usize> {
        pair * self.hypotheses..(pair + 1) * self.hypotheses
    }
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().copied().map(f64::from).collect()
}

impl Kernel for Select {
    fn outputs(&self) -> Vec<Shape> {
        let of_pairs = Shape::from([self.pairs]);
        vec![Shape::from([self.pairs * self.hypotheses]), of_pairs.clone(), of_pairs]
    }

    fn run(&self, inputs: &[&[f32]], outputs: &mut [Vec<f32>]) {
        let [scores, valid] = inputs else { return };
        let of_pair = |pair: usize| {
            let valid: Vec<bool> = valid[self.rows(pair)].iter().map(|valid| *valid > 0.5).collect();
            probabilities_of(&wide(&scores[self.rows(pair)]), &valid, f64::from(self.sharpness))
        };
        let of_pairs: Vec<Probabilities> = (0..self.pairs).into_par_iter().map(of_pair).collect();
        for (pair, Probabilities { each, entropy_bits, choices }) in of_pairs.into_iter().enumerate() {
            for (out, p) in outputs[0][self.rows(pair)].iter_mut().zip(each) {
                *out = p as f32;
            }
            outputs[1][pair] = entropy_bits as f32;
            outputs[2][pair] = choices as f32;
        }
    }

    fn launch(&self) -> Launch {
        self.launch_of(FORWARD)
    }

    fn gradients(&self) -> Vec<Gradient> {
        vec![Gradient { kernel: Arc::new(SelectBackward(*self)), operands: vec![Operand::Output(0)], report: None }]
    }
}

/// Probabilities and the gradient by them → that by the scores.
#[derive(Debug)]
struct SelectBackward(Select);

impl Kernel for SelectBackward {
    fn outputs(&self) -> Vec<Shape> {
        vec![Shape::from([self.0.pairs * self.0.hypotheses])]
    }

    fn run(&self, inputs: &[&[f32]], outputs: &mut [Vec<f32>]) {
        let [probabilities, gradients] = inputs else { return };
        for rows in (0..self.0.pairs).map(|pair| self.0.rows(pair)) {
            let of_pair = [probabilities, gradients].map(|values| wide(&values[rows.clone()]));
            let by_scores = select_hypotheses_backward(&of_pair[0], &of_pair[1], f64::from(self.0.sharpness));
            for (out, g) in outputs[0][rows].iter_mut().zip(by_scores) {
                *out = g as f32;
            }
        }
    }

    fn launch(&self) -> Launch {
        self.0.launch_of(BACKWARD)
    }
}

/// A workgroup a pair.
pub(super) const FORWARD: Shader = Shader {
    name: "select_hypotheses",
    parts: &[
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/layout/hypotheses"),
        shader_part!("shared/algebra/moderate"),
        shader_part!("shared/algebra/workgroup_sum"),
        shader_part!("shared/algebra/workgroup_max"),
        shader_part!("train/select_hypotheses"),
    ],
};

/// The same.
pub(super) const BACKWARD: Shader = Shader {
    name: "select_hypotheses_backward",
    parts: &[
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/layout/hypotheses"),
        shader_part!("shared/algebra/moderate"),
        shader_part!("shared/algebra/workgroup_sum"),
        shader_part!("train/select_hypotheses_backward"),
    ],
};
