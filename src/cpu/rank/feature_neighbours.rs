//! The graph of CLNet: the nearest matches of each match in feature space, itself included.

use super::linear_rows::{After, Linear, linear_rows};
use crate::constants::MAX_NEIGHBOURS;

/// Rows compared with all others at a time.
const ROWS: usize = 64;

/// The `k` nearest rows of each row by |x_i − x_j|², ascending, itself included: n × k places, at most
/// [`MAX_NEIGHBOURS`]. With fewer rows than k, the row itself fills up.
pub fn feature_neighbours(rows: &[f32], channels: usize, k: usize) -> Vec<u32> {
    let k = k.min(MAX_NEIGHBOURS);
    let count = rows.len() / channels.max(1);
    let mut neighbours = Vec::with_capacity(count * k);
    if k == 0 {
        return neighbours;
    }
    let norms_sq: Vec<f32> = rows.chunks_exact(channels).map(|x| x.iter().map(|v| v * v).sum()).collect();
    // |x_j|² − 2 x_i·x_j orders the j of one i as the distance does
    let transposed: Vec<f32> =
        (0..channels).flat_map(|c| rows.iter().skip(c).step_by(channels).map(|x| -2.0 * x)).collect();
    let products = Linear::new(&transposed, &norms_sq);
    let mut order = vec![0.0; ROWS * count];
    let mut nearest = vec![0; k];
    for (block, rows) in rows.chunks(ROWS * channels).enumerate() {
        linear_rows(rows, &products, After::Nothing, &mut order[..rows.len() / channels * count]);
        for (i, order) in order.chunks_exact(count).take(rows.len() / channels).enumerate() {
            nearest.fill(key(f32::INFINITY, (block * ROWS + i) as u32));
            for key in (0..).zip(order).map(|(j, &value)| key(value, j)) {
                if key < nearest[k - 1] {
                    let at = nearest.partition_point(|&nearer| nearer < key);
                    nearest.copy_within(at..k - 1, at + 1);
                    nearest[at] = key;
                }
            }
            neighbours.extend(nearest.iter().map(|&key| key as u32));
        }
    }
    neighbours
}

/// Orders as the value does, and equal values by row.
#[inline(always)]
const fn key(value: f32, row: u32) -> u64 {
    let bits = value.to_bits();
    let ordered = if bits >> 31 == 0 { bits | 1 << 31 } else { !bits };
    (ordered as u64) << 32 | row as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_in_feature_space_start_with_the_row_itself() {
        let (count, channels, k) = (130, 16, 9);
        let rows: Vec<f32> = (0..count * channels).map(|i| (i as f32 * 0.37).sin()).collect();
        let row = |i: usize| &rows[i * channels..][..channels];
        let found = feature_neighbours(&rows, channels, k);
        for i in 0..count {
            let distance = |j: u32| row(i).iter().zip(row(j as usize)).map(|(a, b)| (a - b).powi(2)).sum::<f32>();
            let mut order: Vec<u32> = (0..count as u32).collect();
            order.sort_by(|&a, &b| distance(a).total_cmp(&distance(b)));
            assert_eq!(found[i * k], i as u32);
            let farthest = |places: &[u32]| places.iter().map(|&j| distance(j)).fold(0.0, f32::max);
            assert!((farthest(&found[i * k..][..k]) - farthest(&order[..k])).abs() < 1e-4);
        }
        assert_eq!(feature_neighbours(&rows[..2 * channels], channels, 3), [0, 1, 0, 1, 0, 1]);
    }
}
