//! What the sampler, the score and the refinement make of what is known of each match.

use super::competition::credits;
use crate::ransac::{Options, Problem, Sampler};
use crate::{Error, Result, cpu::search::sample_minimal::SampleSource};

/// What the score counts in full has this weight at least in the refinement: a network that doubts the few matches that hold a
/// motion may be wrong. 0 to 0.15 serve alike on the training and validation scenes; 0.01 is too little for matches that crowd
/// together.
const LEAST: f32 = 0.05;

/// Per-match weights of the three uses.
pub(crate) struct MatchWeights {
    /// What samples are drawn from.
    pub(crate) source: SampleSource,
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
        let credits = if options.one_to_one && !options.use_all { credits(problem) } else { None };
        let source = source(problem, options, credits.as_deref())?;
        let given = || problem.weights.map(<[f32]>::to_vec);
        let known = || given().or_else(|| problem.ratios.map(shares_of_right));
        let score = if options.weigh_score { known() } else { None };
        let refinement = match options {
            Options { weigh_refinement: true, weigh_score: true, .. } => known(),
            Options { weigh_refinement: true, .. } => known().map(|weights| at_least(LEAST, weights)),
            Options { use_all: true, .. } => given(),
            _ => None,
        };
        let [score, refinement] = [score, refinement].map(|weights| times(weights, credits.as_deref()));
        Ok(Self { source, score, refinement })
    }
}

fn at_least(least: f32, weights: Vec<f32>) -> Vec<f32> {
    weights.into_iter().map(|weight| weight.max(least)).collect()
}

/// The weights times the credits, either of them 1 where there are none.
fn times(weights: Option<Vec<f32>>, credits: Option<&[f32]>) -> Option<Vec<f32>> {
    match (weights, credits) {
        (Some(weights), Some(credits)) => Some(weights.iter().zip(credits).map(|(w, c)| w * c).collect()),
        (weights, None) => weights,
        (None, Some(credits)) => Some(credits.to_vec()),
    }
}

/// What is drawn from.
fn source(problem: &Problem<'_>, options: &Options, credits: Option<&[f32]>) -> Result<SampleSource> {
    let missing = |option, missing| Error::MissingInput { option, missing };
    let (weights, ratios) = (problem.weights, problem.ratios);
    // whether the samples keep to the weights, and what they are
    let (exact, guide) = match options.sampler {
        Sampler::Uniform => (true, None),
        Sampler::Weights => (true, Some(weights.ok_or_else(|| missing("the sampler by weights", "weights"))?.to_vec())),
        Sampler::Ratio => (false, guide(None, Some(ratios.ok_or_else(|| missing("the sampler by ratio", "ratios"))?))),
        Sampler::Auto => (false, guide(weights, ratios)),
    };
    let below = |ratio: f32| f64::from(ratio) <= options.sample_ratio_below || options.sample_ratio_below >= 1.0;
    let is_weighed = |i: usize| options.sampler == Sampler::Uniform || weights.is_none_or(|weights| weights[i] > 0.0);
    let may_be_drawn = |i: usize| is_weighed(i) && ratios.is_none_or(|ratios| below(ratios[i]));
    let [count, _] = problem.matches.lengths();
    // a copy of a match has no credit
    let all: Vec<f32> =
        (0..count).map(|i| if may_be_drawn(i) { credits.map_or(1.0, |credits| credits[i]) } else { 0.0 }).collect();
    let (kind, found) = (problem.matches.kind(), all.iter().filter(|&&weight| weight > 0.0).count());
    if found < kind.sample_size() {
        return Err(Error::TooFewMatches { model: kind.name(), needed: kind.sample_size(), found });
    }
    let Some(guide) = guide else {
        let alike = all.iter().all(|&weight| weight == 1.0);
        return Ok(if alike { SampleSource::Uniform(count as u32) } else { SampleSource::weighted(&all) });
    };
    let guided: Vec<f32> = guide.iter().zip(&all).map(|(guide, weight)| guide * weight).collect();
    Ok(if exact { SampleSource::weighted(&guided) } else { SampleSource::alternating(&guided, &all) })
}

/// How the surest matches are preferred: by the cube of how likely each is right. What the ratio says counts twice beside given
/// weights: of the products of powers the one that served best on the training and validation scenes, filtered and not, of SIFT
/// and XFeat, for 20 to 10,000 hypotheses; better than PROSAC by ratio too, which takes too few matches of thousands to ever
/// leave the first ones.
fn guide(weights: Option<&[f32]>, ratios: Option<&[f32]>) -> Option<Vec<f32>> {
    let share = |&ratio: &f32| share_of_right(ratio);
    let product = |(weight, ratio): (&f32, &f32)| weight * share(ratio).powi(2);
    let guide: Vec<f32> = match (weights, ratios) {
        (Some(weights), Some(ratios)) => weights.iter().zip(ratios).map(product).collect(),
        (Some(weights), None) => weights.iter().map(|weight| weight.powi(3)).collect(),
        (None, Some(ratios)) => ratios.iter().map(|ratio| share(ratio).powi(3)).collect(),
        (None, None) => return None,
    };
    // nothing is excluded for being unlikely
    Some(guide.into_iter().map(|weight| weight.max(f32::MIN_POSITIVE)).collect())
}

/// The share of right matches at an SNN ratio: a logistic curve, fitted to the 480,000 matches of five training scenes.
fn share_of_right(ratio: f32) -> f32 {
    1.0 / (1.0 + ((ratio - 0.7) / 0.07).exp())
}

/// The same of many.
pub(super) fn shares_of_right(ratios: &[f32]) -> Vec<f32> {
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
        let SampleSource::Alternating([guided, all]) = found.source else { panic!("{:?}", found.source) };
        assert!(guided[0] > guided[3] - guided[2] && guided[4..] == [guided[3]; 2]);
        assert!(all[1] == 2 * all[0] && all[3] == 4 * all[0] && all[4..] == [all[3]; 2]);
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
