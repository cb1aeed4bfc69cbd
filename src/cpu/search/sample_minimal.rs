//! Minimal samples from a counter-based generator: the same seed draws the same matches on every backend.
//!
//! Word `d` of hypothesis `h` is word `d mod 4` of `pcg4d(seed, h, d div 4)` (Jarzynski and Olano, "Hash functions for GPU
//! rendering", JCGT 2020). A match is drawn by its share of the weights, and a repeat is drawn anew: exact sampling
//! without replacement. All in integers, so that no rounding differs between machines.

use crate::constants::{ALTERNATE_FROM, MAX_DRAWS};
use crate::cpu::scaled::Scaled;

/// What samples are drawn from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SampleSource {
    /// Every one of so many matches alike.
    Uniform(u32),
    /// By share: the inclusive prefix sums of the matches' integer weights.
    Weighted(Vec<u32>),
    /// By two such weightings: the first [`ALTERNATE_FROM`] hypotheses by the first, those after them by the second and the
    /// first in turn. So what misleads at first costs half of the hypotheses at most.
    Alternating([Vec<u32>; 2]),
}

impl SampleSource {
    /// From weights of at least 0, in fixed point of so many bits that the sum fits 32: positive weights stay positive.
    pub fn weighted(weights: &[f32]) -> Self {
        Self::Weighted(prefix_sums(weights.iter().copied().map(Scaled::of)))
    }

    /// From two weightings of that kind.
    pub fn alternating(first: &[f32], second: &[f32]) -> Self {
        Self::Alternating([first, second].map(|weights| prefix_sums(weights.iter().copied().map(Scaled::of))))
    }

    /// The prefix sums that a hypothesis is drawn by; `None` where all matches are alike.
    #[inline(always)]
    fn sums(&self, hypothesis: u32) -> Option<&[u32]> {
        match self {
            Self::Uniform(_) => None,
            Self::Weighted(sums) => Some(sums),
            Self::Alternating(both) => Some(&both[usize::from(is_second(hypothesis))]),
        }
    }

    /// The match that a random word of a hypothesis falls on.
    #[inline(always)]
    fn pick(&self, word: u32, hypothesis: u32) -> u32 {
        match (self, self.sums(hypothesis)) {
            (Self::Uniform(count), _) => multiply_high(word, *count),
            (_, sums) => {
                let sums = sums.unwrap_or_default();
                let target = multiply_high(word, sums.last().copied().unwrap_or(0));
                sums.partition_point(|&sum| sum <= target) as u32
            }
        }
    }
}

/// Whether a hypothesis of [`SampleSource::Alternating`] is drawn by the second weighting.
#[inline(always)]
pub const fn is_second(hypothesis: u32) -> bool {
    hypothesis >= ALTERNATE_FROM && hypothesis % 2 == 1
}

/// The inclusive prefix sums of the weights in fixed point, of so many bits that the sum fits 32: what is above 0 stays so.
pub(super) fn prefix_sums(weights: impl ExactSizeIterator<Item = Scaled> + Clone) -> Vec<u32> {
    let largest = weights.clone().map(|weight| weight.exponent).max().unwrap_or(0);
    let unit = largest + 32 - fixed_bits(weights.len());
    let mut sum = 0;
    let up_to = |weight: Scaled| {
        sum += weight.fixed(unit);
        sum
    };
    weights.map(up_to).collect()
}

/// Of so many numbers below 2 to this power the sum is below 2^32.
pub(super) fn fixed_bits(count: usize) -> i32 {
    31 - count.next_power_of_two().trailing_zeros().cast_signed()
}

#[inline(always)]
pub(crate) const fn multiply_high(a: u32, b: u32) -> u32 {
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
    fn of_two_weightings_the_second_has_every_other_hypothesis_but_the_first_ones() {
        let source = SampleSource::alternating(&[1.0, 1.0, 0.0, 0.0], &[0.0, 0.0, 1.0, 1.0]);
        for hypothesis in 0..200 {
            let mut sample = sample_minimal::<2>(&source, 3, hypothesis).unwrap();
            sample.sort_unstable();
            assert_eq!(sample == [2, 3], hypothesis >= ALTERNATE_FROM && hypothesis % 2 == 1, "{hypothesis}");
        }
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
