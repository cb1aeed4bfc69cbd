//! When enough hypotheses were drawn: by the chance that a sample of the source that they are drawn from is all inliers, which is
//! another than their share where the source prefers some matches. Twin of the rule: `refine_model` and `plan_round` of the shaders.

use crate::constants::ALTERNATE_FROM;
use crate::cpu::search::sample_minimal::SampleSource;
use crate::ransac::Options;

/// The chance that the sample of a hypothesis is all inliers: of the first hypotheses, and in the mean of those after them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Chances {
    first: f64,
    later: f64,
}

impl Chances {
    /// Of samples of so many matches from a source.
    pub(crate) fn of(source: &SampleSource, inliers: &[bool], sample_size: usize) -> Self {
        let by_sums = |sums: &[u32]| {
            let before = std::iter::once(0).chain(sums.iter().copied());
            let weights = sums.iter().zip(before).map(|(&sum, before)| f64::from(sum - before));
            chance(weights.zip(inliers).map(|(weight, &inlier)| (weight, inlier)), sample_size)
        };
        match source {
            SampleSource::Uniform(_) => Self::alike(chance(inliers.iter().map(|&inlier| (1.0, inlier)), sample_size)),
            SampleSource::Weighted(sums) => Self::alike(by_sums(sums)),
            SampleSource::Alternating([first, second]) => {
                let [first, second] = [first, second].map(|sums| by_sums(sums));
                Self { first, later: miss_of((log_miss(first) + log_miss(second)) / 2.0) }
            }
        }
    }

    const fn alike(chance: f64) -> Self {
        Self { first: chance, later: chance }
    }

    /// With which probability a sample of inliers only was among so many hypotheses.
    pub(crate) fn confidence(self, hypotheses: u32) -> f64 {
        let first = hypotheses.min(ALTERNATE_FROM);
        let times = |hypotheses: u32, chance: f64| {
            if hypotheses == 0 { 0.0 } else { f64::from(hypotheses) * log_miss(chance) }
        };
        miss_of(times(first, self.first) + times(hypotheses - first, self.later))
    }

    /// Hypotheses after which that probability is as high as asked for.
    pub(crate) fn required(self, confidence: f64) -> u32 {
        let log_rest = (1.0 - confidence).ln();
        let first = log_rest / log_miss(self.first);
        let needed = if first <= f64::from(ALTERNATE_FROM) {
            first
        } else {
            let after_first = log_rest - f64::from(ALTERNATE_FROM) * log_miss(self.first);
            f64::from(ALTERNATE_FROM) + after_first / log_miss(self.later)
        };
        let least = u32::from(confidence > 0.0);
        // the cast saturates, also what is infinite
        (needed.ceil() as u32).max(least)
    }
}

/// Hypotheses that a problem with so many matches is worth: until a model with the inliers that it must have would have been found by
/// samples that are drawn from all alike.
pub(crate) fn budget(options: &Options, matches: usize, sample_size: usize) -> u32 {
    let inliers = options.min_inliers as usize;
    if inliers <= sample_size {
        return options.max_iterations;
    }
    let flags = (0..matches).map(|index| (1.0, index < inliers));
    let needed = Chances::alike(chance(flags, sample_size)).required(options.confidence);
    // with fewer matches than that there is nothing to be found
    let needed = if inliers > matches { 0 } else { needed };
    needed.clamp(options.min_iterations, options.max_iterations)
}

/// ln(1 − chance); never positive zero, so that a quotient by it is +∞.
fn log_miss(chance: f64) -> f64 {
    if chance > 0.0 { (-chance).ln_1p() } else { -0.0 }
}

/// 1 − exp(log).
fn miss_of(log: f64) -> f64 {
    -log.exp_m1()
}

/// The chance that all matches of a sample are inliers, drawn by weight without replacement: Π (W − j w) / (all − j w) of the
/// inliers' weight W and what a drawn inlier weighs in the mean, w = Σ w² / W; exact for equal weights.
fn chance(matches: impl Iterator<Item = (f64, bool)>, sample_size: usize) -> f64 {
    let (mut all, mut of_inliers, mut squares, mut count) = (0.0, 0.0, 0.0, 0);
    for (weight, inlier) in matches {
        all += weight;
        if inlier && weight > 0.0 {
            of_inliers += weight;
            squares += weight * weight;
            count += 1;
        }
    }
    if count < sample_size {
        return 0.0;
    }
    let drawn = squares / of_inliers;
    let of_next = |j: usize| {
        let gone = j as f64 * drawn;
        if all > gone { ((of_inliers - gone) / (all - gone)).max(0.0) } else { 1.0 }
    };
    (0..sample_size).map(of_next).product()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::search::sample_minimal::sample_minimal;

    fn flags(inliers: usize, count: usize) -> Vec<bool> {
        (0..count).map(|i| i < inliers).collect()
    }

    fn required(inliers: usize, count: u32, sample_size: usize, confidence: f64) -> u32 {
        let flags = flags(inliers, count as usize);
        Chances::of(&SampleSource::Uniform(count), &flags, sample_size).required(confidence)
    }

    #[test]
    fn agrees_with_hand_computed_counts() {
        assert_eq!(required(10, 10, 5, 0.99), 1);
        // P = 3/10 · 2/9 = 1/15
        assert_eq!(required(3, 10, 2, 0.99), 67);
        assert_eq!(required(1, 10, 2, 0.99), u32::MAX);
        assert_eq!(required(3, 10, 2, 0.0), 0);
    }

    #[test]
    fn the_inliers_that_a_model_must_have_bound_what_is_drawn() {
        let of = |min_inliers, matches| budget(&Options { min_inliers, ..Options::default() }, matches, 5);
        assert_eq!([of(0, 20), of(5, 20), of(15, 1000)], [10_000; 3]);
        assert_eq!([of(15, 15), of(15, 14)], [64; 2]);
        // 15/30 · 14/29 · 13/28 · 12/27 · 11/26 = .0211
        assert_eq!(of(15, 30), 433);
    }

    #[test]
    fn the_chance_is_how_often_a_sample_is_all_inliers() {
        // weights between which there are orders of magnitude, and every third match an inlier
        let weights: Vec<f32> = (0..300).map(|i| (-(i as f32) / 40.0).exp()).collect();
        let inliers: Vec<bool> = (0..300).map(|i| i % 3 != 0 && i < 200).collect();
        let sources = [
            SampleSource::Uniform(300),
            SampleSource::weighted(&weights),
            SampleSource::alternating(&weights, &vec![1.0; 300]),
        ];
        for source in sources {
            let chances = Chances::of(&source, &inliers, 4);
            let all_inliers = |hypothesis: &u32| {
                let sample = sample_minimal::<4>(&source, 7, *hypothesis).unwrap();
                sample.iter().all(|&i| inliers[i as usize])
            };
            let later = (ALTERNATE_FROM..200_000).filter(all_inliers).count() as f64 / 200_000.0;
            let expected = (chances.later, later);
            assert!((expected.0 / expected.1 - 1.0).abs() < 0.05, "{source:.1?} {expected:?}");
        }
    }

    #[test]
    fn so_many_hypotheses_as_required_reach_the_confidence_and_one_less_does_not() {
        for (first, later) in [(0.3, 0.2), (0.05, 0.01), (0.0, 0.001), (0.001, 0.0)] {
            let chances = Chances { first, later };
            let required = chances.required(0.99);
            if later == 0.0 {
                assert_eq!(required, u32::MAX);
                continue;
            }
            assert!(chances.confidence(required) >= 0.99 && chances.confidence(required - 1) < 0.99, "{required}");
        }
        assert_eq!(Chances { first: 1.0, later: 1.0 }.required(0.9999), 1);
        assert_eq!(Chances { first: 0.0, later: 0.0 }.confidence(1000), 0.0);
    }
}
