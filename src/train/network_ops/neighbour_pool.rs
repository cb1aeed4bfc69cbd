//! The mean over a match's neighbours of what each tells it: `p_i = mean_j relu(a_i + b_j + Σ_e edge_ije weight_e)`.
//!
//! Nothing of the size neighbours × channels is stored: the backward pass evaluates the sum again.

use super::segment_norm::add;
use super::segments::Segments;
use multiversion::multiversion;
use rayon::prelude::*;

/// Channels that are worked on together: one vector register.
pub(super) const LANES: usize = 16;

/// The inputs of a batch, or of one pair of it; `n` rows of `C` channels, `C` a multiple of 16.
#[derive(Clone, Copy)]
pub(super) struct Inputs<'a> {
    /// a: (n, C), of the match itself.
    pub(super) own: &'a [f32],
    /// b: (n, C), of the match as a neighbour.
    pub(super) others: &'a [f32],
    /// Rows of the neighbours within the pair: (n, k).
    pub(super) neighbours: &'a [u32],
    /// Edge features: (n, k, E).
    pub(super) edges: &'a [f32],
    /// Weights of the edge features: (E, C).
    pub(super) weights: &'a [f32],
    /// C.
    pub(super) channels: usize,
    /// k.
    pub(super) count: usize,
}

/// The gradients of [`backward`], of the shapes of [`Inputs`].
pub(super) struct Gradients {
    pub(super) own: Vec<f32>,
    pub(super) others: Vec<f32>,
    pub(super) weights: Vec<f32>,
}

impl<'a> Inputs<'a> {
    fn edge_columns(&self) -> usize {
        self.weights.len() / self.channels
    }

    /// The inputs of each pair.
    fn pairs(&self, segments: &Segments) -> Vec<Inputs<'a>> {
        let part = |rows: std::ops::Range<usize>| {
            let of = |width: usize| rows.start * width..rows.end * width;
            Inputs {
                own: &self.own[of(self.channels)],
                others: &self.others[of(self.channels)],
                neighbours: &self.neighbours[of(self.count)],
                edges: &self.edges[of(self.count * self.edge_columns())],
                ..*self
            }
        };
        segments.ranges().map(part).collect()
    }
}

/// Calls a function that is generic over the number of edge columns, which has to be known when compiling for the sums
/// to stay in registers.
macro_rules! for_edge_columns {
    ($columns:expr, $call:ident ($($argument:expr),*)) => {
        match $columns {
            0 => $call::<0>($($argument),*),
            1 => $call::<1>($($argument),*),
            2 => $call::<2>($($argument),*),
            3 => $call::<3>($($argument),*),
            4 => $call::<4>($($argument),*),
            5 => $call::<5>($($argument),*),
            6 => $call::<6>($($argument),*),
            7 => $call::<7>($($argument),*),
            8 => $call::<8>($($argument),*),
            9 => $call::<9>($($argument),*),
            10 => $call::<10>($($argument),*),
            11 => $call::<11>($($argument),*),
            _ => $call::<12>($($argument),*),
        }
    };
}

/// p: (rows, C).
pub(super) fn forward(inputs: &Inputs<'_>, segments: &Segments) -> Vec<f32> {
    let mut output = vec![0.0; inputs.own.len()];
    let outputs = segments.split_mut(&mut output, inputs.channels);
    let columns = inputs.edge_columns();
    let pool_pair = |(pair, pooled): (Inputs<'_>, &mut [f32])| for_edge_columns!(columns, pool(&pair, pooled));
    inputs.pairs(segments).into_par_iter().zip(outputs).for_each(pool_pair);
    output
}

/// From the gradient to p to those of a, b and the weights. Sums over pairs are taken in the order of the pairs.
pub(super) fn backward(inputs: &Inputs<'_>, gradient: &[f32], segments: &Segments) -> Gradients {
    let (rows, columns) = (inputs.own.len(), inputs.edge_columns());
    let (mut own, mut others) = (vec![0.0; rows], vec![0.0; rows]);
    let outputs = segments.split_mut(&mut own, inputs.channels).into_par_iter();
    let outputs = outputs.zip(segments.split_mut(&mut others, inputs.channels));
    let pairs = inputs.pairs(segments).into_par_iter().zip(segments.split(gradient, inputs.channels)).zip(outputs);
    let sums: Vec<Vec<f32>> = pairs
        .map(|((pair, gradient), (own, others))| {
            for_edge_columns!(columns, pool_backward(&pair, gradient, own, others))
        })
        .collect();
    let mut weights = vec![0.0; inputs.weights.len()];
    sums.iter().for_each(|sum| add(&mut weights, sum));
    Gradients { own, others, weights }
}

type Block = [f32; LANES];

/// The channels `block` of row `row`.
#[inline(always)]
fn block_of(values: &[f32], row: usize, channels: usize, block: usize) -> &Block {
    let start = row * (channels / LANES) + block;
    &values.as_chunks::<LANES>().0[start]
}

#[inline(always)]
fn block_of_mut(values: &mut [f32], row: usize, channels: usize, block: usize) -> &mut Block {
    let start = row * (channels / LANES) + block;
    &mut values.as_chunks_mut::<LANES>().0[start]
}

/// The sum before the ReLU.
#[inline(always)]
fn message<const E: usize>(own: &Block, other: &Block, edge: &[f32; E], weights: &[Block; E]) -> Block {
    let mut sum = [0.0; LANES];
    for lane in 0..LANES {
        sum[lane] = own[lane] + other[lane];
    }
    for (value, weight) in edge.iter().zip(weights) {
        for lane in 0..LANES {
            sum[lane] += value * weight[lane];
        }
    }
    sum
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+fma+avx2", "x86_64+avx2+fma"))]
fn pool<const E: usize>(inputs: &Inputs<'_>, pooled: &mut [f32]) {
    let (channels, count) = (inputs.channels, inputs.count);
    let edges = inputs.edges.as_chunks::<E>().0;
    let share = 1.0 / count as f32;
    for block in 0..channels / LANES {
        let weights: [Block; E] = std::array::from_fn(|e| *block_of(inputs.weights, e, channels, block));
        for (row, neighbours) in inputs.neighbours.chunks_exact(count).enumerate() {
            let own = block_of(inputs.own, row, channels, block);
            let mut sum = [0.0; LANES];
            for (edge, &neighbour) in neighbours.iter().enumerate() {
                let other = block_of(inputs.others, neighbour as usize, channels, block);
                let message = message(own, other, &edges[row * count + edge], &weights);
                for lane in 0..LANES {
                    sum[lane] += message[lane].max(0.0);
                }
            }
            *block_of_mut(pooled, row, channels, block) = sum.map(|sum| sum * share);
        }
    }
}

/// Writes the gradients to a and b; that to the weights is returned.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+fma+avx2", "x86_64+avx2+fma"))]
fn pool_backward<const E: usize>(
    inputs: &Inputs<'_>,
    gradient: &[f32],
    to_own: &mut [f32],
    to_others: &mut [f32],
) -> Vec<f32> {
    let (channels, count) = (inputs.channels, inputs.count);
    let edges = inputs.edges.as_chunks::<E>().0;
    let share = 1.0 / count as f32;
    let mut to_weights = vec![0.0; inputs.weights.len()];
    for block in 0..channels / LANES {
        let weights: [Block; E] = std::array::from_fn(|e| *block_of(inputs.weights, e, channels, block));
        let mut weight_sums = [[0.0; LANES]; E];
        for (row, neighbours) in inputs.neighbours.chunks_exact(count).enumerate() {
            let own = block_of(inputs.own, row, channels, block);
            let upstream = block_of(gradient, row, channels, block).map(|g| g * share);
            let mut own_sum = [0.0; LANES];
            for (edge, &neighbour) in neighbours.iter().enumerate() {
                let edge = &edges[row * count + edge];
                let other = block_of(inputs.others, neighbour as usize, channels, block);
                let message = message(own, other, edge, &weights);
                let mut passed = [0.0; LANES];
                for lane in 0..LANES {
                    passed[lane] = if message[lane] > 0.0 { upstream[lane] } else { 0.0 };
                    own_sum[lane] += passed[lane];
                }
                for (value, sum) in edge.iter().zip(&mut weight_sums) {
                    for lane in 0..LANES {
                        sum[lane] += value * passed[lane];
                    }
                }
                let other_sum = block_of_mut(to_others, neighbour as usize, channels, block);
                for lane in 0..LANES {
                    other_sum[lane] += passed[lane];
                }
            }
            *block_of_mut(to_own, row, channels, block) = own_sum;
        }
        for (e, sum) in weight_sums.iter().enumerate() {
            *block_of_mut(&mut to_weights, e, channels, block) = *sum;
        }
    }
    to_weights
}
