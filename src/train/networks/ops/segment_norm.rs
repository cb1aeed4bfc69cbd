//! Batches of [`segment_norm`] on the CPU, and its backward pass.

use super::segments::Segments;
use crate::cpu::rank::segment_norm::{EPSILON, Join, segment_norm};
use multiversion::multiversion;
use rayon::prelude::*;

/// What follows the norm.
#[derive(Clone, Copy)]
pub(crate) struct Affine<'a> {
    /// Scale, an entry a channel.
    pub(crate) gamma: &'a [f32],
    /// Shift, an entry a channel.
    pub(crate) beta: &'a [f32],
    /// Whether a ReLU comes after them.
    pub(crate) relu: bool,
}

/// The gradients of [`backward`].
pub(crate) struct Gradients {
    /// To the rows.
    pub(crate) rows: Vec<f32>,
    /// To the scale.
    pub(crate) gamma: Vec<f32>,
    /// To the shift.
    pub(crate) beta: Vec<f32>,
}

/// norm or relu(norm) of rows × channels.
pub(crate) fn forward(rows: &[f32], affine: Affine<'_>, segments: &Segments) -> Vec<f32> {
    let channels = affine.gamma.len();
    let join = if affine.relu { Join::Relu } else { Join::Plain };
    let mut output = vec![0.0; rows.len()];
    let pairs = segments.split(rows, channels).into_par_iter().zip(segments.split_mut(&mut output, channels));
    pairs.for_each(|(rows, out)| segment_norm(rows, affine.gamma, affine.beta, join, out));
    output
}

/// The gradients, from that of the output. Sums over pairs are taken in the order of the pairs.
pub(crate) fn backward(rows: &[f32], affine: Affine<'_>, gradient: &[f32], segments: &Segments) -> Gradients {
    let channels = affine.gamma.len();
    let mut to_rows = vec![0.0; rows.len()];
    let outputs = segments.split_mut(&mut to_rows, channels);
    let pairs = segments.split(rows, channels).into_par_iter().zip(segments.split(gradient, channels)).zip(outputs);
    let sums: Vec<[Vec<f32>; 2]> =
        pairs.map(|((rows, gradient), out)| pair_backward(rows, affine, gradient, out)).collect();
    let mut total = [vec![0.0; channels], vec![0.0; channels]];
    for sum in &sums {
        total.iter_mut().zip(sum).for_each(|(total, sum)| add(total, sum));
    }
    let [gamma, beta] = total;
    Gradients { rows: to_rows, gamma, beta }
}

pub(crate) fn add(total: &mut [f32], values: &[f32]) {
    total.iter_mut().zip(values).for_each(|(total, value)| *total += value);
}

/// Writes the gradient to the rows of one pair; those to scale and shift are returned.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+fma+avx2", "x86_64+avx2+fma"))]
fn pair_backward(rows: &[f32], affine: Affine<'_>, gradient: &[f32], to_rows: &mut [f32]) -> [Vec<f32>; 2] {
    let channels = affine.gamma.len();
    let count = (rows.len() / channels).max(1) as f32;
    let (gamma, beta) = (&affine.gamma[..channels], &affine.beta[..channels]);
    let (mut mean, mut scale) = (vec![0.0; channels], vec![0.0; channels]);
    for row in rows.chunks_exact(channels) {
        for c in 0..channels {
            mean[c] += row[c];
        }
    }
    mean.iter_mut().for_each(|mean| *mean /= count);
    for row in rows.chunks_exact(channels) {
        for c in 0..channels {
            scale[c] += (row[c] - mean[c]) * (row[c] - mean[c]);
        }
    }
    scale.iter_mut().for_each(|sum| *sum = 1.0 / (*sum / count + EPSILON).sqrt());
    let (mut to_gamma, mut to_beta) = (vec![0.0; channels], vec![0.0; channels]);
    let outputs = to_rows.chunks_exact_mut(channels);
    for ((row, g), out) in rows.chunks_exact(channels).zip(gradient.chunks_exact(channels)).zip(outputs) {
        for c in 0..channels {
            let normal = (row[c] - mean[c]) * scale[c];
            let passed = if !affine.relu || gamma[c] * normal + beta[c] > 0.0 { g[c] } else { 0.0 };
            // waits here for the sums
            out[c] = passed;
            to_beta[c] += passed;
            to_gamma[c] += passed * normal;
        }
    }
    for (row, out) in rows.chunks_exact(channels).zip(to_rows.chunks_exact_mut(channels)) {
        for c in 0..channels {
            let normal = (row[c] - mean[c]) * scale[c];
            out[c] = gamma[c] * scale[c] * (out[c] - (to_beta[c] + normal * to_gamma[c]) / count);
        }
    }
    [to_gamma, to_beta]
}
