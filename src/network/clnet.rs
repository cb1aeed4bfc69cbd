//! The first block of CLNet (Zhao et al., "Progressive Correspondence Pruning by Consensus Learning", ICCV 2021), as ∇-RANSAC
//! and ARS-MAGSAC use it. Batch norms, which are affine at inference, are folded into the step before them.

use super::Weights;
use super::step::{Slot, Step, side_by_side};
use crate::cpu::rank::{linear_rows::After, segment_norm::Join};

/// ε of the batch norms.
const BATCH_EPSILON: f32 = 1e-5;

pub(super) fn steps(weights: &Weights) -> Vec<Step> {
    use Slot::{Hidden, Input, Rings, State, Wide};
    let net = Clnet { weights, channels: weights.config().channels };
    let ring = weights.config().neighbours / 3;
    let mut steps = vec![net.folded_linear("input", Input, State, After::Relu)];
    net.residual_blocks(&mut steps, "before");
    let (products, bias) = net.ring_products(ring);
    let no_bias = vec![0.0; (1 + ring) * net.channels];
    steps.push(Step::FeatureNeighbours);
    steps.push(Step::Linear { from: State, to: Wide, weight: products, bias: no_bias, after: After::Nothing });
    steps.push(Step::Rings { bias });
    steps.push(net.folded_linear("rings", Rings, State, After::Relu));
    net.residual_blocks(&mut steps, "after");
    steps.push(net.predict("output0"));
    steps.push(Step::Graph { variant: weights.config().graph });
    steps.push(net.folded_linear("graph", Hidden, State, After::AddRelu));
    steps.extend(net.residual_block("last"));
    steps.push(net.predict("output"));
    steps
}

struct Clnet<'a> {
    weights: &'a Weights,
    channels: usize,
}

impl Clnet<'_> {
    /// The batch norm of a layer as scale and shift.
    fn batch_norm(&self, layer: &str) -> [Vec<f32>; 2] {
        let [gamma, beta, mean, variance] = ["gamma", "beta", "running_mean", "running_var"]
            .map(|part| self.weights.values(&format!("{layer}_norm.{part}")));
        let scale: Vec<f32> = gamma.iter().zip(variance).map(|(g, v)| g / (v + BATCH_EPSILON).sqrt()).collect();
        let shift = beta.iter().zip(mean).zip(&scale).map(|((b, m), s)| b - m * s).collect();
        [scale, shift]
    }

    /// A matrix and its bias with the batch norm after them folded in.
    fn folded(&self, layer: &str) -> (Vec<f32>, Vec<f32>) {
        let [scale, shift] = self.batch_norm(layer);
        let weight = self.weights.values(&format!("{layer}.weight")).iter().zip(scale.iter().cycle());
        let bias = self.weights.values(&format!("{layer}.bias")).iter().zip(&scale).zip(&shift);
        (weight.map(|(w, s)| w * s).collect(), bias.map(|((b, s), t)| b * s + t).collect())
    }

    fn folded_linear(&self, layer: &str, from: Slot, to: Slot, after: After) -> Step {
        let (weight, bias) = self.folded(layer);
        Step::Linear { from, to, weight, bias, after }
    }

    fn residual_blocks(&self, steps: &mut Vec<Step>, stage: &str) {
        (0..self.weights.config().blocks).for_each(|i| steps.extend(self.residual_block(&format!("{stage}.{i}"))));
    }

    /// relu(BN(IN(linear2(relu(BN(IN(linear1 x)))))) + x): the instance norm loses the bias, the batch norm scales and shifts.
    fn residual_block(&self, block: &str) -> [Step; 4] {
        let linear = |part: &str, from, to| Step::Linear {
            from,
            to,
            weight: self.weights.values(&format!("{block}.{part}.weight")).to_vec(),
            bias: vec![0.0; self.channels],
            after: After::Nothing,
        };
        let norm = |part: &str, from, to, join| {
            let [gamma, beta] = self.batch_norm(&format!("{block}.{part}"));
            Step::Norm { from, to, gamma, beta, join }
        };
        [
            linear("linear1", Slot::State, Slot::Hidden),
            norm("linear1", Slot::Hidden, Slot::Normed, Join::Relu),
            linear("linear2", Slot::Normed, Slot::Hidden),
            norm("linear2", Slot::Hidden, Slot::State, Join::ReluSum),
        ]
    }

    /// [A | −B_0 | −B_1 | …] and the bias of `annular_rings`.
    fn ring_products(&self, ring: usize) -> (Vec<f32>, Vec<f32>) {
        let (kernel, bias) = self.folded("ring");
        let size = self.channels * self.channels;
        let mut own = vec![0.0; size];
        // each place has its own weights, then those of the difference
        for weight in kernel.chunks_exact(size) {
            own.iter_mut().zip(weight).for_each(|(sum, w)| *sum += w);
        }
        let others: Vec<Vec<f32>> =
            kernel.chunks_exact(2 * size).map(|weight| weight[size..].iter().map(|w| -w).collect()).collect();
        debug_assert_eq!(others.len(), ring);
        let matrices: Vec<&[f32]> = std::iter::once(&own).chain(&others).map(Vec::as_slice).collect();
        (side_by_side(&matrices, self.channels), bias)
    }

    fn predict(&self, layer: &str) -> Step {
        let [weight, bias] = ["weight", "bias"].map(|part| self.weights.values(&format!("{layer}.{part}")));
        Step::Predict { weight: weight.to_vec(), bias: bias[0] }
    }
}
