//! What a map recalls at cells: where in the scene what they show may be.
//!
//! A map is a memory of M keys with a point of the scene each. A query q, of unit length, recalls the mean of the points by the
//! softmax of q · keyᵢ + biasᵢ, one step of attention (Bahdanau et al., ICLR 2015), and the spread of the points around that mean:
//! small where the map is sure, about the size of the scene where it knows nothing.

use super::super::rank::linear_rows::{After, Linear, linear_rows};
use crate::constants::QUERY_COLUMNS;

/// Keys so far below the best one have no share.
const NEGLIGIBLE: f32 = 16.0;
/// Cells whose products with all keys are made at a time.
const BLOCK: usize = 16;
/// Keys that are looked at one by one only where one of them has a share.
const RUN: usize = 64;
const LANES: usize = 16;
/// What the square of a query's length is at least.
const TINY: f32 = 1e-12;

/// The keys of a map with their biases, and their points.
#[derive(Clone, Debug)]
pub struct Memory {
    keys: Linear,
    points: Vec<[f32; 3]>,
}

/// What a map recalls at a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Recalled {
    /// The point, from the map's origin.
    pub point: [f32; 3],
    /// The standard deviation of the points that are recalled, in the unit of the scene.
    pub spread: f32,
}

impl Memory {
    /// Of M keys × [`QUERY_COLUMNS`], row-major, as many biases and as many points.
    pub fn new(keys: &[f32], biases: &[f32], points: &[f32]) -> Self {
        let (count, columns) = (biases.len(), QUERY_COLUMNS as usize);
        // linear_rows takes inputs × outputs
        let transposed: Vec<f32> =
            (0..columns).flat_map(|column| (0..count).map(move |key| keys[key * columns + column])).collect();
        Self { keys: Linear::new(&transposed, biases), points: points.as_chunks().0.to_vec() }
    }

    /// Keys.
    pub const fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether there is nothing to recall.
    pub const fn is_empty(&self) -> bool {
        self.points.is_empty()
    }
}

/// How often a cell is sampled, by the spread of the points recalled at it: half as often as a sure one at `doubtful`.
pub fn sampling_weight(spread: f32, doubtful: f32) -> f32 {
    1.0 / (1.0 + (spread / doubtful).powi(2))
}

/// What is recalled at each of the queries, n × [`QUERY_COLUMNS`]; they are brought to unit length first.
pub fn recall_points(queries: &[f32], memory: &Memory) -> Vec<Recalled> {
    let columns = QUERY_COLUMNS as usize;
    let unit = unit_rows(queries);
    let mut logits = vec![0.0; BLOCK * memory.len()];
    let mut runs = Vec::with_capacity(memory.len().div_ceil(RUN));
    let mut recalled = Vec::with_capacity(queries.len() / columns);
    for block in unit.chunks(BLOCK * columns) {
        let logits = &mut logits[..block.len() / columns * memory.len()];
        linear_rows(block, &memory.keys, After::Nothing, logits);
        let of_cells = logits.chunks_exact(memory.len().max(1));
        recalled.extend(of_cells.map(|logits| recall(logits, &memory.points, &mut runs)));
    }
    recalled
}

/// Rows at unit length; one of zeros stays.
fn unit_rows(rows: &[f32]) -> Vec<f32> {
    let mut unit = rows.to_vec();
    for row in unit.chunks_exact_mut(QUERY_COLUMNS as usize) {
        let length = row.iter().map(|x| x * x).sum::<f32>().max(TINY).sqrt();
        row.iter_mut().for_each(|x| *x /= length);
    }
    unit
}

/// The softmax of one cell; `runs` has room for the highest logit of each run of keys.
fn recall(logits: &[f32], points: &[[f32; 3]], runs: &mut Vec<f32>) -> Recalled {
    runs.clear();
    runs.extend(logits.chunks(RUN).map(highest_of));
    let highest = highest_of(runs);
    let least = highest - NEGLIGIBLE;
    let (mut total, mut sum, mut sum_sq) = (0.0, [0.0_f32; 3], 0.0);
    // most runs have no key with a share
    let all = logits.chunks(RUN).zip(points.chunks(RUN)).zip(runs);
    for ((logits, points), _) in all.filter(|(_, highest_of_run)| **highest_of_run > least) {
        for (&logit, point) in logits.iter().zip(points).filter(|(logit, _)| **logit > least) {
            let share = (logit - highest).exp();
            total += share;
            for (sum, x) in sum.iter_mut().zip(point) {
                *sum += share * x;
            }
            sum_sq += share * point.iter().map(|x| x * x).sum::<f32>();
        }
    }
    let point = sum.map(|x| x / total);
    let spread_sq = sum_sq / total - point.iter().map(|x| x * x).sum::<f32>();
    Recalled { point, spread: spread_sq.max(0.0).sqrt() }
}

/// The highest of some numbers, in lanes: one after the other each would wait for the one before.
fn highest_of(numbers: &[f32]) -> f32 {
    let (blocks, rest) = numbers.as_chunks::<LANES>();
    let higher = |a: f32, b: f32| if b > a { b } else { a };
    let mut lanes = [f32::MIN; LANES];
    for block in blocks {
        lanes.iter_mut().zip(block).for_each(|(lane, &number)| *lane = higher(*lane, number));
    }
    lanes.iter().chain(rest).fold(f32::MIN, |a, &b| higher(a, b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize, seed: f32) -> Vec<f32> {
        (0..count).map(|i| (i as f32 * seed).sin()).collect()
    }

    #[test]
    fn recalled_points_are_those_of_the_definition() {
        let (queries, keys) = (numbers(64 * 37, 0.37), numbers(64 * 101, 0.91));
        let (biases, points) = (numbers(101, 1.7), numbers(303, 2.3));
        let recalled = recall_points(&queries, &Memory::new(&keys, &biases, &points));
        assert_eq!(recalled.len(), 37);
        for (found, query) in recalled.iter().zip(queries.chunks(64)) {
            let length = query.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
            let logit = |i: usize| {
                let key = &keys[64 * i..][..64];
                let product: f64 = query.iter().zip(key).map(|(&q, &k)| f64::from(q) / length * f64::from(k)).sum();
                (product + f64::from(biases[i])).exp()
            };
            let total: f64 = (0..101).map(logit).sum();
            let mean =
                |f: &dyn Fn(&[f32]) -> f64| (0..101).map(|i| logit(i) / total * f(&points[3 * i..][..3])).sum::<f64>();
            let expected = [0, 1, 2].map(|axis| mean(&|p| f64::from(p[axis])));
            let square = mean(&|p| p.iter().map(|&x| f64::from(x).powi(2)).sum());
            let spread = (square - expected.iter().map(|x| x * x).sum::<f64>()).sqrt();
            assert!(found.point.iter().zip(expected).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-5));
            assert!((f64::from(found.spread) - spread).abs() < 1e-5);
        }
    }

    #[test]
    fn a_key_that_fits_far_better_is_recalled_alone_and_nothing_is_not_a_number() {
        let mut keys = numbers(64 * 50, 0.91);
        keys[64 * 7..64 * 8].iter_mut().enumerate().for_each(|(i, x)| *x = if i == 3 { 100.0 } else { 0.0 });
        let points = numbers(150, 2.3);
        let mut query = vec![0.0; 64];
        let memory = Memory::new(&keys, &[0.0; 50], &points);
        let nothing = recall_points(&query, &memory)[0];
        assert!(nothing.spread > 0.5 && nothing.point.iter().all(|x| x.is_finite()));
        query[3] = 1e-3;
        let found = recall_points(&query, &memory)[0];
        assert_eq!(found.point, points[21..24]);
        assert!(found.spread < 1e-3);
        assert!(recall_points(&[], &Memory::new(&[], &[], &[])).is_empty());
    }
}
