//! Instance norm over the matches of each pair, per channel, with scale and shift, then a ReLU where asked for:
//! `y = relu(scale (x - mean) / sqrt(variance + 1e-5) + shift)` with the biased variance of the pair.

use super::segments::Segments;
use multiversion::multiversion;
use rayon::prelude::*;

/// Added to the variance.
pub(super) const EPSILON: f32 = 1e-5;

/// The gradients of [`backward`].
pub(super) struct Gradients {
    /// To x: (rows, channels).
    pub(super) input: Vec<f32>,
    /// To the scale: (channels).
    pub(super) scale: Vec<f32>,
    /// To the shift: (channels).
    pub(super) shift: Vec<f32>,
}

/// What all pairs share.
#[derive(Clone, Copy)]
pub(super) struct Affine<'a> {
    pub(super) scale: &'a [f32],
    pub(super) shift: &'a [f32],
    pub(super) relu: bool,
}

/// y: (rows, channels) of x: (rows, channels).
pub(super) fn forward(input: &[f32], affine: Affine<'_>, segments: &Segments) -> Vec<f32> {
    let channels = affine.scale.len();
    let mut output = vec![0.0; input.len()];
    let outputs = segments.split_mut(&mut output, channels);
    segments.split(input, channels).into_par_iter().zip(outputs).for_each(|(x, y)| normalize(x, affine, y));
    output
}

/// From the gradient to y to those of x, scale and shift. Sums over pairs are taken in the order of the pairs.
pub(super) fn backward(input: &[f32], affine: Affine<'_>, gradient: &[f32], segments: &Segments) -> Gradients {
    let channels = affine.scale.len();
    let mut to_input = vec![0.0; input.len()];
    let outputs = segments.split_mut(&mut to_input, channels);
    let pairs = segments.split(input, channels).into_par_iter().zip(segments.split(gradient, channels)).zip(outputs);
    let sums: Vec<[Vec<f32>; 2]> = pairs.map(|((x, g), to_x)| normalize_backward(x, affine, g, to_x)).collect();
    let mut total = [vec![0.0; channels], vec![0.0; channels]];
    for sum in &sums {
        total.iter_mut().zip(sum).for_each(|(total, sum)| add(total, sum));
    }
    let [scale, shift] = total;
    Gradients { input: to_input, scale, shift }
}

pub(super) fn add(total: &mut [f32], values: &[f32]) {
    total.iter_mut().zip(values).for_each(|(total, value)| *total += value);
}

/// Mean, and the reciprocal of the standard deviation, of each channel of one pair.
#[inline(always)]
fn statistics(x: &[f32], channels: usize) -> [Vec<f32>; 2] {
    let count = (x.len() / channels).max(1) as f32;
    let (mut mean, mut deviation) = (vec![0.0; channels], vec![0.0; channels]);
    for row in x.chunks_exact(channels) {
        for c in 0..channels {
            mean[c] += row[c];
        }
    }
    mean.iter_mut().for_each(|mean| *mean /= count);
    for row in x.chunks_exact(channels) {
        for c in 0..channels {
            let difference = row[c] - mean[c];
            deviation[c] += difference * difference;
        }
    }
    deviation.iter_mut().for_each(|sum| *sum = (*sum / count + EPSILON).sqrt().recip());
    [mean, deviation]
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+fma+avx2", "x86_64+avx2+fma"))]
fn normalize(x: &[f32], affine: Affine<'_>, y: &mut [f32]) {
    let channels = affine.scale.len();
    let [mean, deviation] = statistics(x, channels);
    let slope: Vec<f32> = affine.scale.iter().zip(&deviation).map(|(scale, deviation)| scale * deviation).collect();
    let floor = if affine.relu { 0.0 } else { f32::NEG_INFINITY };
    let shift = &affine.shift[..channels];
    for (row, out) in x.chunks_exact(channels).zip(y.chunks_exact_mut(channels)) {
        for c in 0..channels {
            out[c] = ((row[c] - mean[c]) * slope[c] + shift[c]).max(floor);
        }
    }
}

/// Writes the gradient to x; those to scale and shift are returned.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+fma+avx2", "x86_64+avx2+fma"))]
fn normalize_backward(x: &[f32], affine: Affine<'_>, gradient: &[f32], to_x: &mut [f32]) -> [Vec<f32>; 2] {
    let channels = affine.scale.len();
    let count = (x.len() / channels).max(1) as f32;
    let [mean, deviation] = statistics(x, channels);
    let (scale, shift) = (&affine.scale[..channels], &affine.shift[..channels]);
    let (mut to_scale, mut to_shift) = (vec![0.0; channels], vec![0.0; channels]);
    // the gradient that passes the ReLU waits in to_x
    for ((row, g), out) in
        x.chunks_exact(channels).zip(gradient.chunks_exact(channels)).zip(to_x.chunks_exact_mut(channels))
    {
        for c in 0..channels {
            let normal = (row[c] - mean[c]) * deviation[c];
            let passes = !affine.relu || scale[c] * normal + shift[c] > 0.0;
            let g = if passes { g[c] } else { 0.0 };
            out[c] = g;
            to_shift[c] += g;
            to_scale[c] += g * normal;
        }
    }
    for (row, out) in x.chunks_exact(channels).zip(to_x.chunks_exact_mut(channels)) {
        for c in 0..channels {
            let normal = (row[c] - mean[c]) * deviation[c];
            out[c] = scale[c] * deviation[c] * (out[c] - (to_shift[c] + normal * to_scale[c]) / count);
        }
    }
    [to_scale, to_shift]
}
