//! The estimator on the CPU: the search, the final refinement, the mask and the diagnosis.

use super::{
    Options, Outcome, Problem,
    check::check,
    coherence::{refine_coherently, serves},
    diagnosis::diagnose,
    outcome::{Diagnosis, Estimate},
    schedule::{FINAL, KEEP_FINAL},
    search::{Found, Scored, Search},
    use_all::fit_all,
    weights::MatchWeights,
};
use crate::{
    Result,
    cpu::{
        mark_inliers::mark_inliers, normalize_matches::NormalizedMatches, refine_model::refine_model,
        residual::ModelRows, score_models::Scorer,
    },
};

/// Estimates one model on the calling thread.
pub(crate) fn estimate(problem: &Problem<'_>, options: &Options) -> Result<Outcome> {
    check(problem)?;
    let weights = MatchWeights::new(problem, options)?;
    let threshold_px = problem.threshold_px.unwrap_or(options.threshold_px);
    let [score, refinement] = [&weights.score, &weights.refinement].map(Option::as_deref);
    let matches = NormalizedMatches::new(&problem.matches, threshold_px, score, refinement);
    let scorer = Scorer::new(matches.kind, options.score, options.residual);
    let score = |model: &ModelRows| scorer.score(model, &matches, f32::NEG_INFINITY);
    let found = if options.use_all {
        Found { best: fit_all(&matches, &scorer).map(|model| (model, score(&model))), ..Found::default() }
    } else {
        Search { matches: &matches, scorer, weights: &weights, seed: problem.seed }.run(options)
    };
    let Some(best) = found.best else { return Ok(Outcome { estimate: None, iterations: found.iterations }) };
    let (model, score) = match options {
        Options { use_all: true, .. } => best,
        Options { coherent: true, .. } => look_again(refine_winner(best, &matches, &scorer), &matches, &scorer),
        _ => refine_winner(best, &matches, &scorer),
    };
    let inliers = mark_inliers(&scorer, &model, &matches);
    let diagnosis = if options.diagnose {
        diagnose(&matches, &scorer, &model, &inliers, &found.refined, problem.seed)
    } else {
        Diagnosis::default()
    };
    let estimate = Estimate { model: matches.denormalize(&model), score: f64::from(score), inliers, diagnosis };
    Ok(Outcome { estimate: Some(estimate), iterations: found.iterations })
}

/// The winner refined with what the neighbours of each match say, where they tell of models of this kind.
pub(super) fn look_again((model, score): Scored, matches: &NormalizedMatches, scorer: &Scorer) -> Scored {
    if !serves(matches.kind) {
        return (model, score);
    }
    let refined = refine_coherently(&model, matches, scorer);
    let refined_score = scorer.score(&refined, matches, f32::NEG_INFINITY);
    // none is worth anything only if it is not a model any more
    if refined_score > 0.0 { (refined, refined_score) } else { (model, score) }
}

pub(super) fn refine_winner((model, score): Scored, matches: &NormalizedMatches, scorer: &Scorer) -> Scored {
    let refined = refine_model(&model, matches, &FINAL);
    let refined_score = scorer.score(&refined, matches, f32::NEG_INFINITY);
    if refined_score >= KEEP_FINAL * score { (refined, refined_score) } else { (model, score) }
}
