//! What the sampler, the score and the refinement make of what is known of each match.

use super::competition::credits;
use crate::ransac::{Options, Problem, Sampler};
use crate::{
    Error, Result,
    cpu::search::sample_minimal::{Progressive, SampleSource},
};

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
    /// [`Error::MissingInput`] where the options ask for what the problem lacks; [`Error::TooFewMatches`] when too few
    /// matches are left to sample from.
    pub(crate) fn new(problem: &Problem<'_>, options: &Options) -> Result<Self> {
        let count = problem.matches.lengths()[0];
        let kind = problem.matches.kind();
        let mut sampled = vec![true; count];
        if let Some(ratios) = problem.ratios
            && options.sample_ratio_below < 1.0
        {
            sampled.iter_mut().zip(ratios).for_each(|(s, &ratio)| *s = f64::from(ratio) <= options.sample_ratio_below);
        }
        let credits = if options.one_to_one && !options.use_all { credits(problem) } else { None };
        if let Some(credits) = &credits {
            sampled.iter_mut().zip(credits).for_each(|(sampled, &credit)| *sampled &= credit > 0.0);
        }
        let source = source(problem, options.sampler, credits.as_deref(), &mut sampled)?;
        let positive = sampled.iter().filter(|&&sampled| sampled).count();
        let needed = kind.sample_size();
        if positive < needed {
            return Err(Error::TooFewMatches { model: kind.name(), needed, found: positive });
        }
        let given = || problem.weights.map(<[f32]>::to_vec);
        let known = || given().or_else(|| problem.ratios.map(shares_of_right));
        let score = if options.weigh_score { known() } else { None };
        let refinement = match options {
            Options { weigh_refinement: true, .. } => known(),
            Options { use_all: true, .. } => given(),
            _ => None,
        };
        let [score, refinement] = [score, refinement].map(|weights| times(weights, credits.as_deref()));
        Ok(Self { source, sampled, score, refinement })
    }
}

/// The weights times the credits, either of them 1 where there are none.
fn times(weights: Option<Vec<f32>>, credits: Option<&[f32]>) -> Option<Vec<f32>> {
    match (weights, credits) {
        (Some(weights), Some(credits)) => Some(weights.iter().zip(credits).map(|(w, c)| w * c).collect()),
        (weights, None) => weights,
        (None, Some(credits)) => Some(credits.to_vec()),
    }
}

/// What is drawn from; takes the matches of no weight out of `sampled`.
fn source(
    problem: &Problem<'_>,
    sampler: Sampler,
    credits: Option<&[f32]>,
    sampled: &mut [bool],
) -> Result<SampleSource> {
    let missing = |option, missing| Error::MissingInput { option, missing };
    let weights = match (sampler, problem.weights, problem.ratios) {
        (Sampler::Weights, None, _) => return Err(missing("the sampler by weights", "weights")),
        (Sampler::Ratio, _, None) => return Err(missing("the sampler by ratio", "ratios")),
        (Sampler::Weights | Sampler::Auto, Some(weights), _) => Some(weights.to_vec()),
        (Sampler::Ratio | Sampler::Auto, _, Some(ratios)) => return Ok(progressive(problem, ratios, credits, sampled)),
        (Sampler::Uniform, ..) | (Sampler::Auto, None, None) => None,
    };
    let Some(mut weights) =
        times(weights, credits).or_else(|| sampled.contains(&false).then(|| vec![1.0; sampled.len()]))
    else {
        return Ok(SampleSource::Uniform(sampled.len() as u32));
    };
    for (weight, sampled) in weights.iter_mut().zip(sampled) {
        *sampled &= *weight > 0.0;
        *weight = if *sampled { *weight } else { 0.0 };
    }
    Ok(SampleSource::weighted(&weights))
}

/// From the lowest ratios on, and of matches that share a point last.
fn progressive(problem: &Problem<'_>, ratios: &[f32], credits: Option<&[f32]>, sampled: &[bool]) -> SampleSource {
    let costs = match credits {
        Some(credits) => {
            ratios.iter().zip(credits).map(|(r, &credit)| r + if credit < 1.0 { 1.0 } else { 0.0 }).collect()
        }
        None => ratios.to_vec(),
    };
    SampleSource::Progressive(Progressive::new(&costs, sampled, problem.matches.kind().sample_size()))
}

/// The share of right matches at an SNN ratio: a logistic curve, fitted to the 480,000 matches of five training scenes.
fn share_of_right(ratio: f32) -> f32 {
    1.0 / (1.0 + ((ratio - 0.7) / 0.07).exp())
}

fn shares_of_right(ratios: &[f32]) -> Vec<f32> {
    ratios.iter().map(|&ratio| share_of_right(ratio)).collect()
}

/// Weights in proportion to `exp(logit)`, the largest 1: what a network's log-probabilities become for
/// [`Problem::weights`].
pub fn weights_of_logits(logits: &[f32]) -> Vec<f32> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    logits.iter().map(|logit| (logit - largest).exp()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::MatchesView;
    use glam::DVec2;

    fn weights_of(ratios: Option<&[f32]>, weights: Option<&[f32]>, options: &Options) -> Result<MatchWeights> {
        let points = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0].map(DVec2::splat);
        let matches = MatchesView::Homography { points1_px: &points, points2_px: &points };
        MatchWeights::new(&Problem { ratios, weights, ..Problem::new(matches) }, options)
    }

    #[test]
    fn low_ratios_are_sampled_more_and_high_ones_only_scored() {
        let ratios = [0.3, 0.5, 0.6, 0.7, 0.85, 0.9];
        let options = Options { sample_ratio_below: 0.8, weigh_score: true, ..Options::default() };
        let found = weights_of(Some(&ratios), None, &options).unwrap();
        assert_eq!(found.sampled, [true, true, true, true, false, false]);
        let score = found.score.unwrap();
        assert!(score.is_sorted_by(|a, b| a > b) && score[5] > 0.0);
    }

    #[test]
    fn logits_become_shares() {
        let weights = weights_of_logits(&[1000.0, 1000.0 - 2f32.ln(), f32::NEG_INFINITY]);
        assert!(weights.iter().zip([1.0, 0.5, 0.0]).all(|(w, expected)| (w - expected).abs() < 1e-4));
    }

    #[test]
    fn what_the_options_ask_for_must_be_there() {
        let by_weights = Options { sampler: Sampler::Weights, ..Options::default() };
        assert!(matches!(weights_of(None, None, &by_weights), Err(Error::MissingInput { missing: "weights", .. })));
        let by_ratio = Options { sampler: Sampler::Ratio, ..Options::default() };
        assert!(matches!(weights_of(None, None, &by_ratio), Err(Error::MissingInput { missing: "ratios", .. })));
        let few = [0.0, 0.0, 0.0, 1.0, 1.0, 1.0];
        assert!(matches!(
            weights_of(None, Some(&few), &by_weights),
            Err(Error::TooFewMatches { needed: 4, found: 3, .. })
        ));
    }
}
