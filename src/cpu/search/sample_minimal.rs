//! Minimal samples from a counter-based generator: the same seed draws the same matches on every backend.
//!
//! Word `d` of hypothesis `h` is word `d mod 4` of `pcg4d(seed, h, d div 4)` (Jarzynski and Olano, "Hash functions for GPU
//! rendering", JCGT 2020). A match is drawn by its share of the weights, and a repeat is drawn anew: exact sampling
//! without replacement. All in integers, so that no rounding differs between machines.

use crate::constants::{MAX_DRAWS, NEVER};

/// What samples are drawn from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SampleSource {
    /// Every one of so many matches alike.
    Uniform(u32),
    /// By share: the inclusive prefix sums of the matches' integer weights.
    Weighted(Vec<u32>),
    /// From the best matches first, and from more and more of them.
    Progressive(Progressive),
}

/// Samples from the `n` best matches, all alike, with `n` growing as in PROSAC (Chum and Matas, CVPR 2005), whose growth
/// function goes from the best sample to all matches in [`Progressive::DRAWS`] hypotheses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progressive {
    /// The matches, best first; those that are never drawn last.
    pub order: Vec<u32>,
    /// The hypothesis from which on the match of each rank is drawn, or [`NEVER`].
    pub first_hypothesis: Vec<u32>,
}

impl Progressive {
    /// Hypotheses after which all matches are drawn from; T_N of the paper.
    pub const DRAWS: f64 = 100_000.0;

    /// Of costs, lowest best; those for which `drawn` is false are never drawn.
    pub fn new(costs: &[f32], drawn: &[bool], sample_size: usize) -> Self {
        let mut order: Vec<u32> = (0..costs.len() as u32).collect();
        order.sort_by(|&i, &j| {
            let [i, j] = [i, j].map(|k| k as usize);
            (!drawn[i]).cmp(&!drawn[j]).then(costs[i].total_cmp(&costs[j]))
        });
        let count = drawn.iter().filter(|&&drawn| drawn).count();
        let mut first_hypothesis = vec![0; sample_size.min(count)];
        // the draws from the n best among all DRAWS draws: T_n = T_N Π (n − i)/(N − i)
        let draws = |n: usize| -> f64 {
            Self::DRAWS * (0..sample_size).map(|i| (n - i) as f64 / (count - i) as f64).product::<f64>()
        };
        let mut first = 1;
        for n in sample_size..count {
            first_hypothesis.push(first);
            first += (draws(n + 1) - draws(n)).ceil() as u32;
        }
        first_hypothesis.resize(costs.len(), NEVER);
        Self { order, first_hypothesis }
    }
}

impl SampleSource {
    /// From weights of at least 0, in fixed point of so many bits that the sum fits 32: positive weights stay positive.
    pub fn weighted(weights: &[f32]) -> Self {
        let scale = fixed_point_scale(weights);
        let mut sum = 0;
        Self::Weighted(
            weights
                .iter()
                .map(|&w| {
                    sum += fixed_point(w, scale);
                    sum
                })
                .collect(),
        )
    }

    /// The match that a random word of a hypothesis falls on.
    #[inline(always)]
    fn pick(&self, word: u32, hypothesis: u32) -> u32 {
        match self {
            Self::Uniform(count) => multiply_high(word, *count),
            Self::Weighted(sums) => {
                let target = multiply_high(word, sums.last().copied().unwrap_or(0));
                sums.partition_point(|&sum| sum <= target) as u32
            }
            Self::Progressive(Progressive { order, first_hypothesis }) => {
                let pool = first_hypothesis.partition_point(|&first| first <= hypothesis);
                order.get(multiply_high(word, pool as u32) as usize).copied().unwrap_or(0)
            }
        }
    }
}

/// The power of two that takes the largest weight below 2^(31 − ⌈log2 n⌉).
pub fn fixed_point_scale(weights: &[f32]) -> f32 {
    let largest = weights.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    let exponent = (largest.to_bits() >> 23) as i32 - 126;
    let bits = 31 - weights.len().next_power_of_two().trailing_zeros() as i32;
    // in two factors, since 2^(bits − exponent) itself may not be an f32
    f32::from_bits(((bits - exponent).clamp(-126, 127) + 127).cast_unsigned() << 23)
}

/// A weight in fixed point; at least 1 for a positive one.
pub fn fixed_point(weight: f32, scale: f32) -> u32 {
    if weight > 0.0 { ((weight * scale) as u32).max(1) } else { 0 }
}

#[inline(always)]
const fn multiply_high(a: u32, b: u32) -> u32 {
    ((a as u64 * b as u64) >> 32) as u32
}

/// Four random words of four counters.
#[inline(always)]
pub const fn pcg4d(v: [u32; 4]) -> [u32; 4] {
    const fn step(v: u32) -> u32 {
        v.wrapping_mul(1_664_525).wrapping_add(1_013_904_223)
    }
    let [mut x, mut y, mut z, mut w] = [step(v[0]), step(v[1]), step(v[2]), step(v[3])];
    x = x.wrapping_add(y.wrapping_mul(w));
    y = y.wrapping_add(z.wrapping_mul(x));
    z = z.wrapping_add(x.wrapping_mul(y));
    w = w.wrapping_add(y.wrapping_mul(z));
    x ^= x >> 16;
    y ^= y >> 16;
    z ^= z >> 16;
    w ^= w >> 16;
    x = x.wrapping_add(y.wrapping_mul(w));
    y = y.wrapping_add(z.wrapping_mul(x));
    z = z.wrapping_add(x.wrapping_mul(y));
    w = w.wrapping_add(y.wrapping_mul(z));
    [x, y, z, w]
}

/// The `M` distinct matches of a hypothesis, or `None` when [`MAX_DRAWS`] words did not give as many.
#[inline]
pub fn sample_minimal<const M: usize>(source: &SampleSource, seed: u64, hypothesis: u32) -> Option<[u32; M]> {
    let mut sample = [u32::MAX; M];
    let mut found = 0;
    let mut words = [0; 4];
    for draw in 0..MAX_DRAWS {
        if draw % 4 == 0 {
            words = pcg4d([seed as u32, (seed >> 32) as u32, hypothesis, draw / 4]);
        }
        let index = source.pick(words[(draw % 4) as usize], hypothesis);
        if !sample[..found].contains(&index) {
            sample[found] = index;
            found += 1;
            if found == M {
                return Some(sample);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_distinct_and_repeat_with_the_seed() {
        let source = SampleSource::Uniform(9);
        for hypothesis in 0..1000 {
            let sample = sample_minimal::<7>(&source, 42, hypothesis).unwrap();
            assert_eq!(Some(sample), sample_minimal(&source, 42, hypothesis));
            assert!(sample.iter().all(|&i| i < 9));
            assert!((1..7).all(|i| !sample[..i].contains(&sample[i])));
        }
        assert_ne!(sample_minimal::<7>(&source, 42, 0), sample_minimal(&source, 43, 0));
    }

    #[test]
    fn matches_are_drawn_by_their_share() {
        let source = SampleSource::weighted(&[1.0, 0.0, 2.0, 5.0]);
        let mut counts = [0_i32; 4];
        for hypothesis in 0..80_000 {
            let [index] = sample_minimal::<1>(&source, 7, hypothesis).unwrap();
            counts[index as usize] += 1;
        }
        assert_eq!(counts[1], 0);
        // four standard deviations of 80,000 draws
        for (count, expected) in [(counts[0], 10_000), (counts[2], 20_000), (counts[3], 50_000)] {
            assert!((count - expected).abs() < 580, "{counts:?}");
        }
    }

    #[test]
    fn progressive_samples_start_with_the_best_and_reach_all_that_may_be_drawn() {
        let costs = [0.9, 0.1, 0.5, 0.3, 0.7, 0.2];
        let progressive = Progressive::new(&costs, &[true, true, true, true, true, false], 3);
        assert_eq!(progressive.order, [1, 3, 2, 4, 0, 5]);
        assert_eq!(progressive.first_hypothesis[..4], [0, 0, 0, 1]);
        assert_eq!(progressive.first_hypothesis[5], NEVER);
        let source = SampleSource::Progressive(progressive);
        let mut first = sample_minimal::<3>(&source, 3, 0).unwrap();
        first.sort_unstable();
        assert_eq!(first, [1, 2, 3]);
        let late: Vec<u32> = (100_000..101_000).flat_map(|h| sample_minimal::<3>(&source, 3, h).unwrap()).collect();
        assert!(late.contains(&0) && !late.contains(&5));
    }

    #[test]
    fn too_few_positive_weights_give_no_sample() {
        assert_eq!(sample_minimal::<3>(&SampleSource::weighted(&[1.0, 0.0, 1.0]), 1, 0), None);
        assert_eq!(sample_minimal::<3>(&SampleSource::Uniform(2), 1, 0), None);
    }

    #[test]
    fn extreme_weights_stay_in_range() {
        for weights in [vec![f32::MAX; 3000], vec![1e-38; 5], vec![f32::MIN_POSITIVE / 8.0, 1.0], vec![1e30, 1e-30]] {
            let SampleSource::Weighted(sums) = SampleSource::weighted(&weights) else { panic!("weighted") };
            assert!(sums[0] > 0 && sums.is_sorted_by(|a, b| a < b), "{sums:?}");
        }
    }
}
