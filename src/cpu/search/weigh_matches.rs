//! What the sampler, the score and the refinement make of what is known of each match. The weights of the sampler are integers
//! found by integers, so that every machine draws the same samples.

mod credits;
mod likelihood;

use super::sample_minimal::{SampleSource, prefix_sums};
use crate::constants::{
    AT_LEAST, BY_CREDIT, BY_GUIDE, BY_NOTHING, BY_RATIO, BY_WEIGHT, LEAST_PERCENT, ONE_TO_ONE, WEIGH_REFINEMENT,
    WEIGH_SCORE,
};
use crate::cpu::scaled::Scaled;
use credits::credits;
use glam::DVec2;

pub use likelihood::share_of_right;

/// What the score counts in full has this weight at least in the refinement.
const LEAST: f32 = LEAST_PERCENT as f32 / 100.0;

/// What samples are drawn by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum SampleBy {
    /// All matches alike.
    Nothing = BY_NOTHING,
    /// Alike but for matches of a point to different ones, and for those whose ratio is too high.
    Credit = BY_CREDIT,
    /// The weights, as they are.
    Weight = BY_WEIGHT,
    /// How likely the ratios make each match, and in turn as by `Credit`.
    Ratio = BY_RATIO,
    /// The same of weights and ratios, what there is of them.
    Guide = BY_GUIDE,
}

/// How matches are weighed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// Whether the matches are two vectors each, of which one at least is a 3-D point.
    pub spatial: bool,
    /// What samples are drawn by.
    pub sample_by: SampleBy,
    /// Matches of a higher ratio are not sampled.
    pub ratio_below: f32,
    /// Whether matches of a point to different ones compete.
    pub one_to_one: bool,
    /// Whether weights, or else ratios, scale each match's part of the score.
    pub weigh_score: bool,
    /// The same of the refinement.
    pub weigh_refinement: bool,
    /// Whether they leave each match a part of it.
    pub at_least: bool,
}

impl Rules {
    /// As the shader reads them.
    pub fn flags(&self) -> u32 {
        let rules = [
            (self.one_to_one, ONE_TO_ONE),
            (self.weigh_score, WEIGH_SCORE),
            (self.weigh_refinement, WEIGH_REFINEMENT),
            (self.at_least, AT_LEAST),
        ];
        rules.into_iter().filter(|(holds, _)| *holds).map(|(_, flag)| flag).sum()
    }
}

/// What is known of the matches of a pair: an entry a match, of what is there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// `x1 y1 x2 y2`, or two vectors a match. Points are equal where these numbers are.
    pub matches: &'a [[f32; 4]],
    /// Weights.
    pub weights: Option<&'a [f32]>,
    /// SNN ratios.
    pub ratios: Option<&'a [f32]>,
}

/// What is made of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighed {
    /// What samples are drawn from.
    pub source: SampleSource,
    /// Matches that may be drawn.
    pub sampleable: usize,
    /// Weights in the score; `None` is 1 for all.
    pub score: Option<Vec<f32>>,
    /// Weights in the refinement; `None` is 1 for all.
    pub refinement: Option<Vec<f32>>,
}

/// Weighs the matches of a pair, so many.
pub fn weigh_matches(known: &Known<'_>, count: usize, rules: &Rules) -> Weighed {
    let shares = known.ratios.map(|ratios| ratios.iter().copied().map(share_of_right).collect::<Vec<_>>());
    let credits = if rules.one_to_one { credits(known, shares.as_deref(), rules.spatial) } else { None };
    let (source, sampleable) = source(known, shares.as_deref(), credits.as_deref(), count, rules);
    let likely = || match (known.weights, &shares) {
        (Some(weights), _) => Some(weights.to_vec()),
        (None, Some(shares)) => Some(shares.iter().map(|share| share.to_f32()).collect()),
        (None, None) => None,
    };
    let at_least = |weight: f32| if rules.at_least { weight.max(LEAST) } else { weight };
    let score = if rules.weigh_score { likely() } else { None };
    let refinement = if rules.weigh_refinement { likely() } else { None };
    let refinement = refinement.map(|weights| weights.into_iter().map(at_least).collect());
    let [score, refinement] = [score, refinement].map(|weights| times(weights, credits.as_deref()));
    Weighed { source, sampleable, score, refinement }
}

/// The weights times the credits, either of them 1 where there are none.
fn times(weights: Option<Vec<f32>>, credits: Option<&[Scaled]>) -> Option<Vec<f32>> {
    let credits = credits.map(|credits| credits.iter().map(|credit| credit.to_f32()));
    match (weights, credits) {
        (Some(weights), Some(credits)) => Some(weights.iter().zip(credits).map(|(w, c)| w * c).collect()),
        (weights, None) => weights,
        (None, Some(credits)) => Some(credits.collect()),
    }
}

/// What is drawn from, and of how many matches.
fn source(
    known: &Known<'_>,
    shares: Option<&[Scaled]>,
    credits: Option<&[Scaled]>,
    count: usize,
    rules: &Rules,
) -> (SampleSource, usize) {
    if rules.sample_by == SampleBy::Nothing {
        return (SampleSource::Uniform(count as u32), count);
    }
    let weights = known.weights.filter(|_| rules.sample_by != SampleBy::Credit);
    let may_be_drawn = |i: usize| {
        weights.is_none_or(|weights| weights[i] > 0.0) && known.ratios.is_none_or(|r| r[i] <= rules.ratio_below)
    };
    // a copy of a match has no credit
    let credit = |i: usize| credits.map_or(Scaled::ONE, |credits| credits[i]);
    let alike: Vec<Scaled> = (0..count).map(|i| if may_be_drawn(i) { credit(i) } else { Scaled::ZERO }).collect();
    let sampleable = alike.iter().filter(|weight| weight.mantissa > 0).count();
    let guided = || {
        let guide = guide(weights, shares, rules.sample_by);
        prefix_sums((0..count).map(|i| guide(i).times(alike[i])))
    };
    let source = match rules.sample_by {
        SampleBy::Nothing | SampleBy::Credit if alike.iter().all(|&weight| weight == Scaled::ONE) => {
            SampleSource::Uniform(count as u32)
        }
        SampleBy::Nothing | SampleBy::Credit => SampleSource::Weighted(prefix_sums(alike.iter().copied())),
        SampleBy::Weight => SampleSource::Weighted(guided()),
        SampleBy::Ratio | SampleBy::Guide => SampleSource::Alternating([guided(), prefix_sums(alike.iter().copied())]),
    };
    (source, sampleable)
}

/// How the surest matches are preferred: by the cube of how likely each is right. What the ratio says counts twice beside given
/// weights: of the products of powers the one that served best on the training and validation scenes, filtered and not, of SIFT
/// and XFeat, for 20 to 10,000 hypotheses; better than PROSAC by ratio too, which takes too few matches of thousands to ever
/// leave the first ones.
fn guide(weights: Option<&[f32]>, shares: Option<&[Scaled]>, by: SampleBy) -> impl Fn(usize) -> Scaled {
    let guiding = weights.filter(|_| by != SampleBy::Ratio);
    move |i| match (guiding, shares) {
        (Some(weights), _) if by == SampleBy::Weight => Scaled::of(weights[i]),
        (Some(weights), Some(shares)) => Scaled::of(weights[i]).times(shares[i].squared()),
        (Some(weights), None) => Scaled::of(weights[i]).cubed(),
        (None, Some(shares)) => shares[i].cubed(),
        (None, None) => Scaled::ONE,
    }
}

/// (q cos α, −q sin α) of the ratio q of the scales of a match's key points and the difference α of their orientations; `None`
/// where a scale is not known.
pub fn similarity([scale1, scale2]: [f32; 2], [angle1_deg, angle2_deg]: [f32; 2]) -> Option<DVec2> {
    let turn = (f64::from(angle2_deg) - f64::from(angle1_deg)).to_radians();
    (scale1 > 0.0 && scale2 > 0.0).then(|| DVec2::from_angle(-turn) * (f64::from(scale2) / f64::from(scale1)))
}
