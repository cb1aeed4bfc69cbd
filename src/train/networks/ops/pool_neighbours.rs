//! Batches of [`pool_neighbours`] on the CPU, and its backward pass.
//!
//! Nothing of the size neighbours × channels is stored: the backward pass evaluates the messages again.

use super::segment_norm::add;
use super::segments::Segments;
use crate::constants::EDGE_COLUMNS;
use crate::cpu::rank::pool_neighbours::{EdgeWeights, pool_neighbours};
use multiversion::multiversion;
use rayon::prelude::*;
use std::ops::Range;

/// Channels that are worked on together: one vector register.
const LANES: usize = 16;

/// The inputs of a batch, or of one pair of it: n rows, k neighbours each, C channels, a multiple of 16.
#[derive(Clone, Copy)]
pub(crate) struct Inputs<'a> {
    /// A h and B h side by side: n × 2C.
    pub(crate) both: &'a [f32],
    /// Places of the neighbours within the pair: n × k.
    pub(crate) neighbours: &'a [u32],
    /// Edge features: n × k × [`EDGE_COLUMNS`].
    pub(crate) edges: &'a [f32],
    /// G: [`EDGE_COLUMNS`] × C.
    pub(crate) weight: &'a [f32],
    /// b: C.
    pub(crate) bias: &'a [f32],
    /// k.
    pub(crate) count: usize,
}

/// The gradients of [`backward`], of the shapes of [`Inputs`].
pub(crate) struct Gradients {
    pub(crate) both: Vec<f32>,
    pub(crate) weight: Vec<f32>,
    pub(crate) bias: Vec<f32>,
}

impl<'a> Inputs<'a> {
    fn channels(&self) -> usize {
        self.bias.len()
    }

    /// The inputs of each pair.
    fn pairs(&self, segments: &Segments) -> Vec<Inputs<'a>> {
        let part = |rows: Range<usize>| {
            let of = |width: usize| rows.start * width..rows.end * width;
            Inputs {
                both: &self.both[of(2 * self.channels())],
                neighbours: &self.neighbours[of(self.count)],
                edges: &self.edges[of(self.count * EDGE_COLUMNS)],
                ..*self
            }
        };
        segments.ranges().map(part).collect()
    }
}

/// p: rows × C.
pub(crate) fn forward(inputs: &Inputs<'_>, segments: &Segments) -> Vec<f32> {
    let mut output = vec![0.0; segments.rows() * inputs.channels()];
    let outputs = segments.split_mut(&mut output, inputs.channels());
    let weights = EdgeWeights::<EDGE_COLUMNS>::new(inputs.weight, inputs.bias);
    let pairs = inputs.pairs(segments).into_par_iter().zip(outputs);
    pairs.for_each(|(pair, out)| pool_neighbours(pair.both, pair.neighbours, pair.edges, &weights, out));
    output
}

/// The gradients, from that of p. Sums over pairs are taken in the order of the pairs.
pub(crate) fn backward(inputs: &Inputs<'_>, gradient: &[f32], segments: &Segments) -> Gradients {
    let channels = inputs.channels();
    let mut both = vec![0.0; inputs.both.len()];
    let outputs = segments.split_mut(&mut both, 2 * channels);
    let pairs = inputs.pairs(segments).into_par_iter().zip(segments.split(gradient, channels)).zip(outputs);
    let sums: Vec<[Vec<f32>; 2]> =
        pairs.map(|((pair, gradient), to_both)| pair_backward(&pair, gradient, to_both)).collect();
    let (mut weight, mut bias) = (vec![0.0; inputs.weight.len()], vec![0.0; channels]);
    for [of_weight, of_bias] in &sums {
        add(&mut weight, of_weight);
        add(&mut bias, of_bias);
    }
    Gradients { both, weight, bias }
}

type Block = [f32; LANES];

/// The 16 values from `start` on.
#[inline(always)]
fn block(values: &[f32], start: usize) -> &Block {
    &values[start..].as_chunks().0[0]
}

#[inline(always)]
fn block_mut(values: &mut [f32], start: usize) -> &mut Block {
    &mut values[start..].as_chunks_mut().0[0]
}

/// Writes the gradient to A h and B h of one pair; those to G and b are returned.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+fma+avx2", "x86_64+avx2+fma"))]
fn pair_backward(inputs: &Inputs<'_>, gradient: &[f32], to_both: &mut [f32]) -> [Vec<f32>; 2] {
    let (channels, count) = (inputs.bias.len(), inputs.count);
    let edges = inputs.edges.as_chunks::<EDGE_COLUMNS>().0;
    let share = 1.0 / count as f32;
    let (mut to_weight, mut to_bias) = (vec![0.0; inputs.weight.len()], vec![0.0; channels]);
    for start in (0..channels).step_by(LANES) {
        let weight: [Block; EDGE_COLUMNS] = std::array::from_fn(|e| *block(inputs.weight, e * channels + start));
        let bias = block(inputs.bias, start);
        let (mut weight_sums, mut bias_sum) = ([[0.0; LANES]; EDGE_COLUMNS], [0.0; LANES]);
        for (row, neighbours) in inputs.neighbours.chunks_exact(count).enumerate() {
            let own = block(inputs.both, 2 * row * channels + start);
            let upstream = block(gradient, row * channels + start).map(|g| g * share);
            let mut own_sum = [0.0; LANES];
            for (place, &neighbour) in neighbours.iter().enumerate() {
                let edge = &edges[row * count + place];
                let at = (2 * neighbour as usize + 1) * channels + start;
                let other = block(inputs.both, at);
                let to_other = block_mut(to_both, at);
                // one loop over the lanes, or the compiler makes gathers of the loop over e
                for lane in 0..LANES {
                    let mut message = own[lane] + bias[lane] + other[lane];
                    for e in 0..EDGE_COLUMNS {
                        message += edge[e] * weight[e][lane];
                    }
                    let passed = if message > 0.0 { upstream[lane] } else { 0.0 };
                    own_sum[lane] += passed;
                    to_other[lane] += passed;
                    for e in 0..EDGE_COLUMNS {
                        weight_sums[e][lane] += edge[e] * passed;
                    }
                }
            }
            *block_mut(to_both, 2 * row * channels + start) = own_sum;
            for lane in 0..LANES {
                bias_sum[lane] += own_sum[lane];
            }
        }
        *block_mut(&mut to_bias, start) = bias_sum;
        for (e, sum) in weight_sums.iter().enumerate() {
            *block_mut(&mut to_weight, e * channels + start) = *sum;
        }
    }
    [to_weight, to_bias]
}
