//! What the sampler, the score and the refinement make of what is known of each match of a problem.

use super::coordinates::{coordinates, origins};
use crate::constants::{KNOWS_KEY_POINTS, KNOWS_RATIOS, KNOWS_WEIGHTS};
use crate::cpu::search::{
    sample_minimal::SampleSource,
    weigh_matches::{Known, Rules, SampleBy, Weighed, weigh_matches},
};
use crate::ransac::{Options, Problem, Sampler};
use crate::{Error, ModelKind, Result};

/// Per-match weights of the three uses.
pub(crate) struct MatchWeights {
    /// What samples are drawn from.
    pub(crate) source: SampleSource,
    /// Weights in the score; `None` is 1 for all.
    pub(crate) score: Option<Vec<f32>>,
    /// Weights in the refinement; `None` is 1 for all.
    pub(crate) refinement: Option<Vec<f32>>,
}

/// Which arrays there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) weights: bool,
    pub(crate) ratios: bool,
    /// Scales and orientations of key points, and a use for them.
    pub(crate) key_points: bool,
    /// What is expected.
    pub(crate) prior: bool,
}

impl Given {
    pub(crate) fn of(problem: &Problem<'_>, options: &Options) -> Self {
        let Problem { weights, ratios, scales_px, angles_deg, prior, .. } = problem;
        Self {
            weights: weights.is_some(),
            ratios: ratios.is_some(),
            key_points: scales_px.is_some() && angles_deg.is_some() && uses_key_points(problem.matches.kind(), options),
            prior: prior.is_some(),
        }
    }

    /// As the shader reads them.
    pub(crate) fn flags(self) -> u32 {
        let given = [(self.weights, KNOWS_WEIGHTS), (self.ratios, KNOWS_RATIOS), (self.key_points, KNOWS_KEY_POINTS)];
        given.into_iter().filter(|(is_given, _)| *is_given).map(|(_, flag)| flag).sum()
    }
}

/// Whether key points that contradict a model of this kind count against it.
pub(crate) const fn uses_key_points(kind: ModelKind, options: &Options) -> bool {
    options.key_points && matches!(kind, ModelKind::Essential | ModelKind::Fundamental)
}

impl MatchWeights {
    /// Of a problem whose arrays were checked.
    ///
    /// # Errors
    /// Those of [`rules`]; [`Error::TooFewMatches`] when too few matches are left to sample from.
    pub(crate) fn new(problem: &Problem<'_>, options: &Options) -> Result<Self> {
        let kind = problem.matches.kind();
        let rules = rules(kind, options, Given::of(problem, options))?;
        let matches =
            if rules.one_to_one { coordinates(&problem.matches, &origins(&problem.matches)) } else { Vec::new() };
        let known = Known { matches: &matches, weights: problem.weights, ratios: problem.ratios };
        let [count, _] = problem.matches.lengths();
        let Weighed { source, sampleable: found, score, refinement } = weigh_matches(&known, count, &rules);
        if found < kind.sample_size() {
            return Err(Error::TooFewMatches { model: kind.name(), needed: kind.sample_size(), found });
        }
        Ok(Self { source, score, refinement })
    }
}

/// How these options weigh matches of which so much is given.
///
/// # Errors
/// [`Error::MissingInput`] where they ask for what is not there.
pub(crate) fn rules(kind: ModelKind, options: &Options, given: Given) -> Result<Rules> {
    let Options { one_to_one, weigh_score, weigh_refinement, use_all, .. } = *options;
    let competes = one_to_one && !use_all;
    let below = single_below(options.sample_ratio_below);
    let is_alike = !competes && (!given.ratios || below == f32::MAX);
    let sample_by = match options.sampler {
        Sampler::Weights if !given.weights => {
            return Err(Error::MissingInput { option: "the sampler by weights", missing: "weights" });
        }
        Sampler::Ratio if !given.ratios => {
            return Err(Error::MissingInput { option: "the sampler by ratio", missing: "ratios" });
        }
        Sampler::Weights => SampleBy::Weight,
        Sampler::Ratio => SampleBy::Ratio,
        Sampler::Auto if given.weights || given.ratios => SampleBy::Guide,
        Sampler::Auto | Sampler::Uniform if is_alike => SampleBy::Nothing,
        Sampler::Auto | Sampler::Uniform => SampleBy::Credit,
    };
    let is_known = given.weights || given.ratios;
    Ok(Rules {
        spatial: matches!(kind, ModelKind::Pose | ModelKind::Rigid),
        sample_by,
        ratio_below: below,
        one_to_one: competes,
        weigh_score: weigh_score && is_known,
        weigh_refinement: weigh_refinement && is_known || use_all && given.weights,
        at_least: weigh_refinement && !weigh_score && is_known,
    })
}

/// The largest number in single precision that is not above this one; no ratio is above 1.
fn single_below(limit: f64) -> f32 {
    let nearest = limit as f32;
    match limit {
        1.0.. => f32::MAX,
        _ if f64::from(nearest) > limit => nearest.next_down(),
        _ => nearest,
    }
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

    #[test]
    fn points_far_from_the_origin_stay_apart() {
        let points: Vec<DVec2> = (0..6).map(|i| DVec2::new(4.2e6, 4.8e6) + 1e-3 * f64::from(i)).collect();
        let matches = MatchesView::Homography { points1_px: &points, points2_px: &points };
        let found = MatchWeights::new(&Problem::new(matches), &Options::default()).unwrap();
        assert_eq!((found.source, found.score), (SampleSource::Uniform(6), None));
    }

    #[test]
    fn what_the_score_counts_in_full_has_a_part_in_the_refinement() {
        let weights = Some(&[1.0, 0.5, 0.2, 0.05, 1e-3, 0.0][..]);
        let doubting = Options { weigh_refinement: true, ..Options::default() };
        let found = weights_of(None, weights, &doubting).unwrap();
        assert_eq!((found.score, found.refinement), (None, Some(vec![1.0, 0.5, 0.2, 0.05, 0.05, 0.05])));
        let both = weights_of(None, weights, &Options { weigh_score: true, ..doubting }).unwrap();
        assert_eq!((both.score.as_deref(), both.refinement.as_deref()), (weights, weights));
    }

    #[test]
    fn a_ratio_is_below_a_limit_in_double_precision() {
        for limit in [0.8, 0.7, 0.1, 0.9999999999] {
            let single = single_below(limit);
            assert!(f64::from(single) <= limit && f64::from(single.next_up()) > limit, "{limit}");
        }
        assert_eq!(single_below(1.0), f32::MAX);
    }
}
