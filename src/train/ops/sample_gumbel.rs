//! Minimal samples with a straight-through gradient. Twin: [`cpu::sample_gumbel`](crate::cpu::train::sample_gumbel).

use super::backend::run;
use super::gather_matches::GatherMatches;
use super::kernel::{Gradient, Kernel, Launch, Operand, each_row, split_columns};
use super::packing::Packing;
use crate::cpu::train::sample_gumbel::{MAX_SAMPLE, Noise, perturb, sample_gumbel, sample_gumbel_backward};
use crate::gpu::{Shader, shader_part};
use crate::{Error, Result};
use burn::tensor::{Int, Shape, Tensor};
use std::sync::Arc;

/// How samples are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// Samples a pair.
    pub hypotheses: usize,
    /// Matches a sample; 1..=16.
    pub sample_size: usize,
    /// Temperature of the softmax whose gradient is used; 1 in the paper.
    pub temperature: f32,
    /// Seed of the training.
    pub seed: u64,
    /// The step of the training: every step has its own noise.
    pub step: u32,
    /// The place of the first of these pairs among those of the step: a step that is taken in parts draws the samples of a
    /// whole one.
    pub first_pair: u32,
}

/// Minimal samples of a batch, B = pairs × hypotheses rows of m matches of d coordinates.
#[derive(Clone, Debug)]
pub struct Samples {
    /// \[B, m\]: rows of the packed matches, the first drawn first; −1 in a row that could not be drawn.
    pub indices: Tensor<2, Int>,
    /// \[B, m, d\]: their coordinates; 0 in a row that could not be drawn. The gradient flows to the coordinates and, straight
    /// through, to the logits.
    pub points: Tensor<3>,
}

/// Draws minimal samples by logit: \[M\] logits, \[M, d\] coordinates.
///
/// Gumbel top-m: m draws without replacement by share of exp(logit). Pass log-probabilities. The gradient by the logits is
/// the straight-through one of ∇-RANSAC (Wei et al., ICCV 2023): drawn coordinates are multiplied by 1, which has the gradient
/// of the softmax of the perturbed logits. It depends on the origin of the coordinates and is biased; that of
/// [`score_function_loss`](super::score_function_loss) is not. A logit that is NaN, or not below 1e30 in size, is never drawn and has gradient 0.
///
/// Memory: O(M + B m); the noise is made anew in the backward pass.
///
/// # Errors
/// [`Error::LengthMismatch`] unless logits and points have a row a match of `packing`; [`Error::BadOption`] for a sample size
/// or a temperature out of range, and without hypotheses.
pub fn sample_minimal(logits: Tensor<1>, points: Tensor<2>, packing: &Packing, sampling: &Sampling) -> Result<Samples> {
    let [rows, coordinates] = points.dims();
    packing.check_matches("logits", logits.dims()[0])?;
    packing.check_matches("points", rows)?;
    let kernel = SampleGumbel::new(packing, sampling)?;
    let (count, size) = (kernel.rows(), kernel.size);
    let mut drawn = run(kernel, vec![logits.into_dispatch()])?.into_iter();
    let (Some(values), Some(indices)) = (drawn.next(), drawn.next()) else {
        return Err(Error::Device("no samples".into()));
    };
    let values = Tensor::<2>::from_dispatch(values);
    let gather = GatherMatches { packing: Arc::new(packing.clone()), rows: count, size, coordinates };
    let indices = Tensor::<2>::from_dispatch(indices);
    let gathered = run(gather, vec![points.into_dispatch(), indices.clone().into_dispatch()])?.swap_remove(0);
    let points = Tensor::<3>::from_dispatch(gathered) * values.unsqueeze_dim::<3>(2);
    Ok(Samples { indices: indices.int(), points })
}

/// Logits → straight-through values (1, or 0 where no sample could be drawn), indices, shares y of the drawn matches, highest
/// perturbed logits.
#[derive(Clone, Debug)]
struct SampleGumbel {
    packing: Arc<Packing>,
    hypotheses: usize,
    size: usize,
    noise: Noise,
    /// The hypothesis, among those of the step, that the first row is.
    first: u32,
}

impl SampleGumbel {
    fn new(packing: &Packing, sampling: &Sampling) -> Result<Self> {
        let Sampling { hypotheses, sample_size: size, temperature, seed, step, first_pair } = *sampling;
        let bad = |name, expected, found: &dyn ToString| Error::BadOption { name, expected, found: found.to_string() };
        if size == 0 || size > MAX_SAMPLE {
            return Err(bad("sample_size", "1..=16 matches", &size));
        }
        if !(temperature.is_finite() && temperature > 0.0) {
            return Err(bad("temperature", "a positive number", &temperature));
        }
        if hypotheses == 0 {
            return Err(bad("hypotheses", "at least 1", &hypotheses));
        }
        let noise = Noise { seed, step, temperature };
        let first = first_pair.wrapping_mul(hypotheses as u32);
        Ok(Self { packing: Arc::new(packing.clone()), hypotheses, size, noise, first })
    }

    fn rows(&self) -> usize {
        self.packing.pairs() * self.hypotheses
    }

    /// Perturbs the logits of the matches of a row's pair.
    fn perturb(&self, logits: &[f32], row: usize, perturbed: &mut [f64]) {
        perturb(logits, &self.noise, self.first.wrapping_add(row as u32), perturbed);
    }

    fn params(&self) -> Vec<u32> {
        let Noise { seed, step, temperature } = self.noise;
        let own = [self.size as u32, seed as u32, (seed >> 32) as u32, step, temperature.to_bits(), self.first];
        self.packing.params(self.hypotheses, &own)
    }
}

impl Kernel for SampleGumbel {
    fn outputs(&self) -> Vec<Shape> {
        let table = Shape::from([self.rows(), self.size]);
        vec![table.clone(), table.clone(), table, Shape::from([self.rows()])]
    }

    fn run(&self, inputs: &[&[f32]], outputs: &mut [Vec<f32>]) {
        let m = self.size;
        let width = 3 * m + 1;
        let mut rows = vec![0.0_f32; self.rows() * width];
        each_row(&mut rows, width, |row, out| {
            let matches = self.packing.rows(row / self.hypotheses);
            let mut perturbed = vec![0.0; matches.len()];
            self.perturb(&inputs[0][matches.clone()], row, &mut perturbed);
            let Some(sample) = sample_gumbel(&perturbed, f64::from(self.noise.temperature), m) else {
                out[m..2 * m].fill(-1.0);
                return;
            };
            out[..m].fill(1.0);
            for k in 0..m {
                out[m + k] = (matches.start + sample.indices[k] as usize) as f32;
                out[2 * m + k] = sample.shares[k] as f32;
            }
            out[3 * m] = perturbed[sample.indices[0] as usize] as f32;
        });
        split_columns(&rows, &[m, m, m, 1], outputs);
    }

    fn launch(&self) -> Launch {
        Launch::new(SAMPLE, self.params(), self.rows() as u32)
    }

    fn gradients(&self) -> Vec<Gradient> {
        let operands = vec![Operand::Input(0), Operand::Output(1), Operand::Output(2), Operand::Output(3)];
        vec![Gradient { kernel: Arc::new(SampleGumbelBackward(self.clone())), operands, report: None }]
    }
}

/// Logits, indices, shares, highest perturbed logits and the gradient by the values → the gradient by the logits.
#[derive(Debug)]
struct SampleGumbelBackward(SampleGumbel);

impl Kernel for SampleGumbelBackward {
    fn outputs(&self) -> Vec<Shape> {
        vec![Shape::from([self.0.packing.matches()])]
    }

    fn run(&self, inputs: &[&[f32]], outputs: &mut [Vec<f32>]) {
        let SampleGumbel { packing, hypotheses, size, noise, .. } = &self.0;
        let [logits, indices, shares, _, gradients] = inputs else { return };
        let mut pairs = vec![Vec::new(); packing.pairs()];
        each_row(&mut pairs, 1, |pair, out| {
            let matches = packing.rows(pair);
            let mut sums = vec![0.0; matches.len()];
            let mut perturbed = vec![0.0; matches.len()];
            for row in pair * hypotheses..(pair + 1) * hypotheses {
                let drawn = (row * size..(row + 1) * size).map(|k| {
                    let index = (indices[k] as usize).wrapping_sub(matches.start);
                    (index, f64::from(shares[k]), f64::from(gradients[k]))
                });
                // an index of −1: not drawn
                if indices[row * size] < 0.0 || drawn.clone().any(|(_, _, gradient)| !gradient.is_finite()) {
                    continue;
                }
                self.0.perturb(&logits[matches.clone()], row, &mut perturbed);
                sample_gumbel_backward(&perturbed, f64::from(noise.temperature), drawn, &mut sums);
            }
            out[0] = sums;
        });
        for (out, sum) in outputs[0].iter_mut().zip(pairs.iter().flatten()) {
            *out = *sum as f32;
        }
    }

    fn launch(&self) -> Launch {
        Launch::new(
            SAMPLE_BACKWARD,
            self.0.params(),
            (self.0.packing.matches() as u32).div_ceil(super::kernel::WORKGROUP),
        )
    }
}

/// Logits → samples, a workgroup a hypothesis.
pub(super) const SAMPLE: Shader = Shader {
    name: "sample_gumbel",
    parts: &[
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/random/random"),
        shader_part!("shared/layout/packing"),
        shader_part!("shared/random/gumbel"),
        shader_part!("train/sample_gumbel"),
    ],
};

/// Its gradient by the logits, a match an invocation.
pub(super) const SAMPLE_BACKWARD: Shader = Shader {
    name: "sample_gumbel_backward",
    parts: &[
        shader_part!("shared/layout/dispatch"),
        shader_part!("shared/random/random"),
        shader_part!("shared/layout/packing"),
        shader_part!("shared/random/gumbel"),
        shader_part!("train/sample_gumbel_backward"),
    ],
};
