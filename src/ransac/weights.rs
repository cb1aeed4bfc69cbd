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
    pub(crate) fn new(problem: &Problem<'_>, options: &Options) -> Result<Self> {
        let count = problem.matches.lengths()[0];
        let mut sampling = match options.sampler {
            Sampler::Uniform => vec![1.0; count],
            Sampler::Ratio => {
                required(problem.ratios, "sampler ratio", "ratios")?.iter().map(|&r| weight_of_ratio(r)).collect()
            }
            Sampler::Weights => required(problem.weights, "sampler weights", "weights")?.to_vec(),
        };
        if let Some(ratios) = problem.ratios
            && options.sample_ratio_below < 1.0
        {
            for (weight, &ratio) in sampling.iter_mut().zip(ratios) {
                if f64::from(ratio) >= options.sample_ratio_below {
                    *weight = 0.0;
                }
            }
        }
        let sampled: Vec<bool> = sampling.iter().map(|&w| w > 0.0).collect();
        let uniform = sampling.iter().all(|&w| w == 1.0);
        let source = if uniform { SampleSource::Uniform(count as u32) } else { SampleSource::weighted(&sampling) };
        let matched = problem
            .weights
            .map(<[f32]>::to_vec)
            .or_else(|| problem.ratios.map(|r| r.iter().map(|&r| weight_of_ratio(r)).collect()));
        let when = |on: bool| if on { matched.clone() } else { None };
        Ok(Self { source, sampled, score: when(options.weigh_score), refinement: when(options.weigh_refinement) })
    }
}

fn required<'a>(array: Option<&'a [f32]>, option: &'static str, missing: &'static str) -> Result<&'a [f32]> {
    array.ok_or(Error::MissingInput { option, missing })
}

/// The share of right matches at an SNN ratio.
fn weight_of_ratio(ratio: f32) -> f32 {
    (-4.0 * ratio * ratio).exp()
}
