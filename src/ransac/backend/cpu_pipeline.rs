//! The estimator on the CPU: the search, the final refinement, the mask and the diagnosis.

use crate::ransac::{
    Options, Outcome, Problem,
    check::check,
    outcome::Estimate,
    stages::{
        diagnosis::{Settled, settle},
        final_score::FinalScore,
        search::{Found, Search},
        stopping::Chances,
        use_all::fit_all,
        weights::MatchWeights,
    },
};
use crate::{
    Model, ModelKind, Result,
    cpu::search::{choose_finalists::choose_winner, normalize_matches::NormalizedMatches, score_models::Scorer},
};

/// A problem made ready for the search.
struct Prepared {
    weights: MatchWeights,
    matches: NormalizedMatches,
    scorer: Scorer,
    seed: u64,
    prior: Option<Model>,
}

impl Prepared {
    fn new(problem: &Problem<'_>, options: &Options) -> Result<Self> {
        check(problem)?;
        let weights = MatchWeights::new(problem, options)?;
        let (matches, scorer) = weighted_matches(problem, &weights, options);
        Ok(Self { weights, matches, scorer, seed: problem.seed, prior: problem.prior })
    }

    const fn search(&self) -> Search<'_> {
        Search {
            matches: &self.matches,
            scorer: self.scorer,
            weights: &self.weights,
            seed: self.seed,
            prior: self.prior,
        }
    }

    fn final_score(&self, problem: &Problem<'_>, options: &Options) -> FinalScore<'_> {
        FinalScore::new(problem, options, &self.matches, self.scorer)
    }

    fn estimate(&self, settled: Settled) -> Estimate {
        let Settled { winner: (model, score), inliers, diagnosis } = settled;
        Estimate { model: self.matches.denormalize(&model), score: f64::from(score), inliers, diagnosis }
    }
}

/// The matches with what they weigh, and the score that they are counted by.
pub(crate) fn weighted_matches(
    problem: &Problem<'_>,
    weights: &MatchWeights,
    options: &Options,
) -> (NormalizedMatches, Scorer) {
    let threshold_px = problem.threshold_px.unwrap_or(options.threshold_px);
    let [score, refinement] = [&weights.score, &weights.refinement].map(Option::as_deref);
    let matches = NormalizedMatches::new(&problem.matches, threshold_px, score, refinement);
    let scorer = Scorer::new(matches.kind, options.score, options.residual);
    (matches, scorer)
}

/// Estimates one model on the calling thread.
pub(crate) fn estimate(problem: &Problem<'_>, options: &Options) -> Result<Outcome> {
    let prepared = Prepared::new(problem, options)?;
    let Prepared { matches, scorer, .. } = &prepared;
    let final_score = prepared.final_score(problem, options);
    let mut found = if options.use_all {
        let fit = fit_all(matches, scorer).map(|model| (model, final_score.score(&model)));
        Found { refined: fit.into_iter().collect(), ..Found::default() }
    } else {
        prepared.search().run(options)
    };
    final_score.rescore(&mut found.refined);
    let Some(winner) = choose_winner(&found.refined) else {
        return Ok(Outcome::new(None, found.iterations, None, options));
    };
    let winner = if options.use_all { winner } else { final_score.refine_fully(winner) };
    let settled = if options.diagnose {
        settle(&final_score, winner, &found.refined, problem.seed)
    } else {
        Settled::undiagnosed(&final_score, winner)
    };
    let estimate = prepared.estimate(settled);
    if options.use_all {
        // nothing is drawn, and nothing left to chance
        return Ok(Outcome { estimate: Some(estimate), confidence: 1.0, ..Outcome::default() });
    }
    Ok(supported(estimate, found.iterations, &prepared.weights, matches.kind, options))
}

/// The outcome of a search: no model has fewer inliers than a sample, or than are asked for.
pub(crate) fn supported(
    estimate: Estimate,
    iterations: u32,
    weights: &MatchWeights,
    kind: ModelKind,
    options: &Options,
) -> Outcome {
    let has_support = estimate.inlier_count() >= kind.sample_size().max(options.min_inliers as usize);
    let chances = Chances::of(&weights.source, &estimate.inliers, kind.sample_size());
    Outcome::new(has_support.then_some(estimate), iterations, Some(chances), options)
}

/// What the estimate would be, had the search drawn this model (a motion, a fundamental matrix or a pose) and had it won: refined and scored as any candidate,
/// without a diagnosis. `None` for a model of another kind than the matches.
#[cfg(feature = "cli")]
pub(crate) fn estimate_from(model: &Model, problem: &Problem<'_>, options: &Options) -> Result<Option<Estimate>> {
    let prepared = Prepared::new(problem, options)?;
    let Some(rows) = prepared.matches.normalize_model(model) else { return Ok(None) };
    let score = prepared.scorer.score(&rows, &prepared.matches, f32::NEG_INFINITY);
    let mut refined = [prepared.search().refine_one((rows, score))];
    let final_score = prepared.final_score(problem, options);
    final_score.rescore(&mut refined);
    let refined = choose_winner(&refined).map(|refined| final_score.refine_fully(refined));
    Ok(refined.map(|refined| prepared.estimate(Settled::undiagnosed(&final_score, refined))))
}
