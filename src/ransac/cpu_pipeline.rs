//! The estimator on the CPU: rounds of sample → solve → score → select → refine, then the final refinement and the mask.

use super::{Options, Outcome, Problem, outcome::Estimate, stopping::required_iterations, weights::MatchWeights};
use crate::{
    Result,
    cpu::{
        mark_inliers::mark_inliers,
        normalize_matches::{NormalizedMatches, rows_of_pose},
        refine_model::{Refinement, refine_model},
        residual::ModelRows,
        robust::Loss,
        sample_minimal::{SampleSource, sample_minimal},
        score_models::Scorer,
        select_best::{Candidate, SelectBest},
        solve_essential_5pt::solve_essential_poses,
    },
    geometry::ModelKind,
};

/// Hypotheses drawn between two looks at the best of them.
const ROUND: u32 = 64;

/// The refinement of a round's best model.
pub(super) const LOCAL: Refinement = Refinement { loss: Loss::Truncated, max_iterations: 25, reach: 4.0 };
/// The refinement of the winner.
pub(super) const FINAL: Refinement = Refinement { loss: Loss::Cauchy(0.5), max_iterations: 100, reach: 1.0 };

/// Estimates one model on the calling thread.
pub(crate) fn estimate(problem: &Problem<'_>, options: &Options) -> Result<Outcome> {
    let weights = MatchWeights::new(problem, options)?;
    let threshold_px = problem.threshold_px.unwrap_or(options.threshold_px);
    let matches =
        NormalizedMatches::new(&problem.matches, threshold_px, weights.score.as_deref(), weights.refinement.as_deref());
    let kind = matches.kind;
    let scorer = Scorer::new(kind, options.score, options.residual);
    let mut search = Search {
        matches: &matches,
        scorer,
        source: &weights.source,
        seed: problem.seed,
        best: None,
        best_minimal: 0.0,
    };
    let mut iterations = 0;
    let mut needed = options.max_iterations;
    while iterations < needed {
        let end = (iterations + ROUND).min(options.max_iterations);
        if search.round(iterations..end) {
            let required = search.required_iterations(&weights.sampled, options.confidence);
            needed = required.clamp(options.min_iterations, options.max_iterations);
        }
        iterations = end;
    }
    let Some((model, _)) = search.best else { return Ok(Outcome { estimate: None, iterations }) };
    let refined = refine_model(&model, &matches, &FINAL);
    let [before, after] = [&model, &refined].map(|m| scorer.score(m, &matches, f32::NEG_INFINITY));
    let (model, score) = if after >= 0.95 * before { (refined, after) } else { (model, before) };
    let estimate = Estimate {
        model: matches.denormalize(&model),
        score: f64::from(score),
        inliers: mark_inliers(&scorer, &model, &matches),
        diagnosis: super::Diagnosis::default(),
    };
    Ok(Outcome { estimate: Some(estimate), iterations })
}

struct Search<'a> {
    matches: &'a NormalizedMatches,
    scorer: Scorer,
    source: &'a SampleSource,
    seed: u64,
    best: Option<(ModelRows, f32)>,
    best_minimal: f32,
}

impl Search<'_> {
    /// Draws hypotheses and refines the best; whether there is a better model than before.
    fn round(&mut self, hypotheses: std::ops::Range<u32>) -> bool {
        let mut select = SelectBest::<1>::default();
        let mut models = Vec::with_capacity(10);
        for hypothesis in hypotheses {
            models.clear();
            solve_sample(self.matches, self.source, self.seed, hypothesis, &mut models);
            for model in &models {
                let score = self.scorer.score(model, self.matches, select.threshold().max(self.best_minimal));
                select.offer(Candidate { model: *model, score, hypothesis });
            }
        }
        let mut improved = false;
        for candidate in select.into_best() {
            if candidate.score <= self.best_minimal {
                continue;
            }
            self.best_minimal = candidate.score;
            let model = refine_model(&candidate.model, self.matches, &LOCAL);
            let score = self.scorer.score(&model, self.matches, f32::NEG_INFINITY);
            let (model, score) =
                if score >= candidate.score { (model, score) } else { (candidate.model, candidate.score) };
            if self.best.is_none_or(|(_, best)| score > best) {
                self.best = Some((model, score));
                improved = true;
            }
        }
        improved
    }

    fn required_iterations(&self, sampled: &[bool], confidence: f64) -> u32 {
        let Some((model, _)) = self.best else { return u32::MAX };
        let inliers = mark_inliers(&self.scorer, &model, self.matches);
        let count = inliers.iter().zip(sampled).filter(|&(&inlier, &sampled)| inlier && sampled).count();
        let total = sampled.iter().filter(|&&sampled| sampled).count();
        required_iterations(count, total, self.matches.kind.sample_size(), confidence)
    }
}

/// The models of one hypothesis.
fn solve_sample(
    matches: &NormalizedMatches,
    source: &SampleSource,
    seed: u64,
    hypothesis: u32,
    models: &mut Vec<ModelRows>,
) {
    match matches.kind {
        ModelKind::Essential => {
            let Some(sample) = sample_minimal::<5>(source, seed, hypothesis) else { return };
            let points = sample.map(|i| matches.two_view(i as usize));
            let poses = solve_essential_poses(&points.map(|p| p[0]), &points.map(|p| p[1]));
            models.extend(poses.iter().map(rows_of_pose));
        }
        _ => {}
    }
}
