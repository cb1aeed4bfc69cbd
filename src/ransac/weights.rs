//! What the sampler, the score and the refinement make of what is known of each match.

use super::{Options, Problem, Sampler};
use crate::{Error, Result, cpu::sample_minimal::SampleSource};

/// Per-match weights of the three uses.
pub(crate) struct MatchWeights {
    /// What samples are drawn from.
    pub(crate) source: SampleSource,
    /// Which matches may be sampled.
    pub(crate) sampled: Vec<bool>,
    /// Weights in the score; `None` is 1 for all.
    pub(crate) score: Option<Vec<f32>>,
    /// Weights in the refinement; `None` is 1 for all.
    pub(crate) refinement: Option<Vec<f32>>,
}

impl MatchWeights {
    /// Of a problem whose arrays were checked.
    ///
    /// # Errors
    /// [`Error::MissingInput`] where the options ask for what the problem lacks; [`Error::BadWeights`] when too few
    /// matches are left to sample from.
    pub(crate) fn new(problem: &Problem<'_>, options: &Options) -> Result<Self> {
        let count = problem.matches.lengths()[0];
        let mut sampling = sampling_weights(problem, options.sampler)?;
        if let Some(ratios) = problem.ratios {
            for (weight, &ratio) in sampling.iter_mut().zip(ratios) {
                if f64::from(ratio) > options.sample_ratio_below {
                    *weight = 0.0;
                }
            }
        }
        let needed = problem.matches.kind().sample_size();
        let sampled: Vec<bool> = sampling.iter().map(|&w| w > 0.0).collect();
        let positive = sampled.iter().filter(|&&sampled| sampled).count();
        if positive < needed {
            return Err(Error::BadWeights { needed, found: format!("{positive} of {count} are") });
        }
        let uniform = sampling.iter().all(|&w| w == 1.0);
        let source = if uniform { SampleSource::Uniform(count as u32) } else { SampleSource::weighted(&sampling) };
        let known = || problem.weights.map(<[f32]>::to_vec).or_else(|| problem.ratios.map(shares_of_right));
        let score = options.weigh_score.then(known).flatten();
        let refinement = options.weigh_refinement.then(known).flatten();
        Ok(Self { source, sampled, score, refinement })
    }
}

fn sampling_weights(problem: &Problem<'_>, sampler: Sampler) -> Result<Vec<f32>> {
    let by_ratio = |ratios: &[f32]| ratios.iter().map(|&ratio| sampling_weight(ratio)).collect();
    let missing = |option, missing| Error::MissingInput { option, missing };
    Ok(match (sampler, problem.weights, problem.ratios) {
        (Sampler::Weights, None, _) => return Err(missing("the sampler by weights", "weights")),
        (Sampler::Ratio, _, None) => return Err(missing("the sampler by ratio", "ratios")),
        (Sampler::Weights | Sampler::Auto, Some(weights), _) => weights.to_vec(),
        (Sampler::Ratio | Sampler::Auto, _, Some(ratios)) => by_ratio(ratios),
        (Sampler::Uniform, ..) | (Sampler::Auto, None, None) => vec![1.0; problem.matches.lengths()[0]],
    })
}

/// The share of right matches at an SNN ratio: a logistic curve, with the scale that serves best as a weight.
fn share_of_right(ratio: f32, scale: f32) -> f32 {
    1.0 / (1.0 + ((ratio - 0.7) / scale).exp())
}

/// Weights of the score and the refinement. The curve is that of the 480,000 matches of five training scenes.
fn shares_of_right(ratios: &[f32]) -> Vec<f32> {
    ratios.iter().map(|&ratio| share_of_right(ratio, 0.07)).collect()
}

/// Few samples should be all right rather than cover all matches, so the share is sharpened; the power is the best of 1 to
/// 20 for budgets of 20 to 1000 hypotheses on training and validation scenes.
fn sampling_weight(ratio: f32) -> f32 {
    share_of_right(ratio, 0.1).powi(6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::MatchesView;
    use glam::DVec2;

    fn weights_of(ratios: Option<&[f32]>, weights: Option<&[f32]>, options: &Options) -> Result<MatchWeights> {
        let points = [DVec2::ZERO; 6];
        let matches = MatchesView::Homography { points1_px: &points, points2_px: &points };
        MatchWeights::new(&Problem { ratios, weights, ..Problem::new(matches) }, options)
    }

    #[test]
    fn low_ratios_are_sampled_more_and_high_ones_only_scored() {
        let ratios = [0.3, 0.5, 0.6, 0.7, 0.85, 0.9];
        let options = Options { sample_ratio_below: 0.8, ..Options::default() };
        let found = weights_of(Some(&ratios), None, &options).unwrap();
        assert_eq!(found.sampled, [true, true, true, true, false, false]);
        let score = found.score.unwrap();
        assert!(score.is_sorted_by(|a, b| a > b) && score[5] > 0.0);
    }

    #[test]
    fn what_the_options_ask_for_must_be_there() {
        let by_weights = Options { sampler: Sampler::Weights, ..Options::default() };
        assert!(matches!(weights_of(None, None, &by_weights), Err(Error::MissingInput { missing: "weights", .. })));
        let by_ratio = Options { sampler: Sampler::Ratio, ..Options::default() };
        assert!(matches!(weights_of(None, None, &by_ratio), Err(Error::MissingInput { missing: "ratios", .. })));
        let few = [0.0, 0.0, 0.0, 1.0, 1.0, 1.0];
        assert!(matches!(weights_of(None, Some(&few), &by_weights), Err(Error::BadWeights { needed: 4, .. })));
    }
}
