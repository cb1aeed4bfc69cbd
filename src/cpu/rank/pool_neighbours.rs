//! Messages of the nearest neighbours: p_i = mean over the neighbours j of relu(A h_i + B h_j + G e_ij + b).
//!
//! A h and B h are computed before for all matches, as columns 0..C and C..2C of one product.

use super::linear_rows::multiply_add;
use multiversion::{multiversion, target::target_cfg_f};

/// Channels at a time.
const LANES: usize = 16;

/// G and b: the part of the message that the edge has, `EDGES` × C and C, in tiles of 16 channels.
#[derive(Clone, Debug)]
pub struct EdgeWeights<const EDGES: usize> {
    tiles: Vec<([[f32; LANES]; EDGES], [f32; LANES])>,
}

impl<const EDGES: usize> EdgeWeights<EDGES> {
    /// Of a row-major `EDGES` × C matrix and C biases, C a multiple of 16.
    pub fn new(weight: &[f32], bias: &[f32]) -> Self {
        let tile = |values: &[f32], start: usize| std::array::from_fn(|lane| values[start + lane]);
        let starts = (0..bias.len() / LANES).map(|t| t * LANES);
        let tiles = starts
            .map(|start| (std::array::from_fn(|e| tile(weight, e * bias.len() + start)), tile(bias, start)))
            .collect();
        Self { tiles }
    }
}

/// `out` (n × C) from `both` (n × 2C), the n × k `neighbours` among these rows, and the n × k × `EDGES` edge rows.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+fma+avx2", "x86_64+avx2+fma"))]
pub fn pool_neighbours<const EDGES: usize>(
    both: &[f32],
    neighbours: &[u32],
    edges: &[f32],
    weights: &EdgeWeights<EDGES>,
    out: &mut [f32],
) {
    if target_cfg_f!(target_feature = "fma") {
        pool::<EDGES, true>(both, neighbours, edges, weights, out);
    } else {
        pool::<EDGES, false>(both, neighbours, edges, weights, out);
    }
}

#[inline(always)]
fn pool<const EDGES: usize, const FUSED: bool>(
    both: &[f32],
    neighbours: &[u32],
    edges: &[f32],
    weights: &EdgeWeights<EDGES>,
    out: &mut [f32],
) {
    let channels = weights.tiles.len() * LANES;
    let count = out.len() / channels.max(1);
    let k = neighbours.len() / count.max(1);
    let edges = edges.as_chunks::<EDGES>().0;
    let lanes = |row: usize, start: usize| &both[row * 2 * channels + start..].as_chunks::<LANES>().0[0];
    for (tile, (weight, bias)) in weights.tiles.iter().enumerate() {
        let start = tile * LANES;
        for i in 0..count {
            let own = lanes(i, start);
            let mut first = [0.0; LANES];
            for lane in 0..LANES {
                first[lane] = own[lane] + bias[lane];
            }
            let mut sum = [0.0; LANES];
            for (&j, edge) in neighbours[i * k..][..k].iter().zip(&edges[i * k..][..k]) {
                let other = lanes(j as usize, channels + start);
                let mut message = [0.0; LANES];
                for lane in 0..LANES {
                    message[lane] = first[lane] + other[lane];
                }
                for e in 0..EDGES {
                    for lane in 0..LANES {
                        message[lane] = multiply_add::<FUSED>(edge[e], weight[e][lane], message[lane]);
                    }
                }
                for lane in 0..LANES {
                    sum[lane] += message[lane].max(0.0);
                }
            }
            let out = &mut out[i * channels + start..][..LANES];
            for lane in 0..LANES {
                out[lane] = sum[lane] / k as f32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pooled_messages_are_those_of_the_definition() {
        let (count, channels, k) = (11, 32, 3);
        let number = |i: usize, seed: f32| (i as f32 * seed).sin();
        let numbers = |n: usize, seed: f32| (0..n).map(|i| number(i, seed)).collect::<Vec<f32>>();
        let (both, edges) = (numbers(count * 2 * channels, 1.1), numbers(count * k * 2, 0.3));
        let (weight, bias) = (numbers(2 * channels, 0.9), numbers(channels, 2.3));
        let neighbours: Vec<u32> = (0..count * k).map(|i| (i * 7 % count) as u32).collect();
        let mut out = vec![0.0; count * channels];
        pool_neighbours::<2>(&both, &neighbours, &edges, &EdgeWeights::new(&weight, &bias), &mut out);
        for (place, found) in out.iter().enumerate() {
            let (i, c) = (place / channels, place % channels);
            let message = |t: usize| {
                let j = neighbours[i * k + t] as usize;
                let edge = (0..2).map(|e| edges[(i * k + t) * 2 + e] * weight[e * channels + c]).sum::<f32>();
                (both[i * 2 * channels + c] + both[(2 * j + 1) * channels + c] + edge + bias[c]).max(0.0)
            };
            let expected = (0..k).map(message).sum::<f32>() / k as f32;
            assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        }
    }
}
