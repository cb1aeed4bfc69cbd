//! The search on the CPU: rounds of sample → solve → score → select → refine.

use super::{
    schedule::{CATCH_UP, LOCAL, Rounds, candidates_of},
    stopping::{Chances, budget},
    weights::MatchWeights,
};
use crate::constants::{HYPOTHESES, RECOVERED, UNREACHED};
use crate::ransac::Options;
use crate::{
    cpu::{
        recover::{
            recover_plane::{homography_of_sample, recover_by_parallax},
            two_views::TwoViews,
        },
        residual::ModelRows,
        search::{
            choose_finalists::Scored,
            mark_inliers::mark_inliers,
            normalize_matches::{NormalizedMatches, matrix_of, rows_of_matrix},
            place_prior::place_prior,
            refine_model::{Refinement, refine_model},
            sample_minimal::sample_minimal,
            score_models::Scorer,
            select_best::{Candidate, SelectBest},
        },
        solve::solve_sample::solve_hypothesis,
    },
    geometry::{Model, ModelKind},
};

/// What a search found.
#[derive(Default)]
pub(crate) struct Found {
    /// The best model.
    pub(crate) best: Option<Scored>,
    /// All models that were refined, the best of each round, and those recovered from planes.
    pub(crate) refined: Vec<Scored>,
    /// Hypotheses drawn.
    pub(crate) iterations: u32,
}

/// One problem being searched.
pub(crate) struct Search<'a> {
    pub(crate) matches: &'a NormalizedMatches,
    pub(crate) scorer: Scorer,
    pub(crate) weights: &'a MatchWeights,
    pub(crate) seed: u64,
    /// What is expected.
    pub(crate) prior: Option<Model>,
}

impl Search<'_> {
    /// Draws hypotheses until the options say that it is enough.
    pub(crate) fn run(&self, options: &Options) -> Found {
        let mut found = Found::default();
        let mut candidates = Vec::new();
        let rounds = Rounds::of(options);
        let budget = budget(options, self.matches.count, self.matches.kind.sample_size());
        let mut needed = budget;
        while found.iterations < needed {
            let end = rounds.end(found.iterations, options.max_iterations);
            let mut selected = self.select(found.iterations..end);
            if found.iterations == 0 {
                selected.extend(self.prior());
            }
            found.iterations = end;
            if self.refine(&selected, &mut found) && options.min_iterations < options.max_iterations {
                let required = found.best.map_or(u32::MAX, |best| self.chances(&best.0).required(options.confidence));
                needed = required.clamp(options.min_iterations, budget.max(options.min_iterations));
            }
            candidates.extend(selected);
        }
        if self.matches.kind == ModelKind::Fundamental {
            self.recover_from_planes(&candidates, &mut found.refined);
        }
        found
    }

    /// The best models of a round.
    fn select(&self, hypotheses: std::ops::Range<u32>) -> Vec<Candidate> {
        let mut select = SelectBest::new(candidates_of(hypotheses.end - hypotheses.start) as usize);
        let mut models = Vec::with_capacity(self.matches.kind.max_solutions());
        for hypothesis in hypotheses {
            models.clear();
            solve_hypothesis(self.matches, &self.weights.source, self.seed, hypothesis, &mut models);
            for &model in &models {
                let score = self.scorer.score(&model, self.matches, select.threshold());
                select.offer(Candidate { model, score, hypothesis });
            }
        }
        select.into_best()
    }

    /// What is expected, as a candidate.
    fn prior(&self) -> Option<Candidate> {
        let placed = place_prior(&self.prior?, self.matches, &self.scorer)?;
        let (model, score) = self.refine_by(&CATCH_UP, (placed.model, placed.score));
        Some(Candidate { model, score, ..placed })
    }

    /// Refines the models selected; whether one is better than all before.
    fn refine(&self, selected: &[Candidate], found: &mut Found) -> bool {
        let mut improved = false;
        for candidate in selected {
            improved |= found.offer(self.refine_one((candidate.model, candidate.score)));
        }
        improved
    }

    /// Adds what is recovered from the planes that explain the samples of the best candidates, each of which was refined to the model
    /// at its place. A prior has no sample.
    fn recover_from_planes(&self, candidates: &[Candidate], refined: &mut Vec<Scored>) {
        let has_sample = |&place: &usize| candidates[place].hypothesis != UNREACHED;
        let mut order: Vec<usize> = (0..candidates.len()).filter(has_sample).collect();
        order.sort_by(|&a, &b| refined[b].1.total_cmp(&refined[a].1));
        let best = order.into_iter().take(RECOVERED as usize);
        refined.extend(best.filter_map(|place| self.recover_from_plane(&candidates[place])).collect::<Vec<_>>());
    }

    /// The model refined, or as it was where that does not raise its score.
    pub(crate) fn refine_one(&self, scored: Scored) -> Scored {
        self.refine_by(&LOCAL, scored)
    }

    fn refine_by(&self, refinement: &Refinement, (model, score): Scored) -> Scored {
        let refined = refine_model(&model, self.matches, refinement);
        let refined_score = self.scorer.score(&refined, self.matches, f32::NEG_INFINITY);
        if refined_score >= score { (refined, refined_score) } else { (model, score) }
    }

    /// DEGENSAC: where a plane explains most of a sample, the fundamental matrix of that plane and of the parallax of the
    /// matches off it.
    fn recover_from_plane(&self, candidate: &Candidate) -> Option<Scored> {
        let sample = sample_minimal::<7>(&self.weights.source, self.seed, candidate.hypothesis)?;
        let [points1, points2] = self.matches.two_view_sample(&sample)?;
        let metric = self.matches.metric;
        let homography = homography_of_sample(&matrix_of(&candidate.model), &points1, &points2, metric)?;
        let [points1, points2] = self.matches.two_view_points(|_| true);
        let views = TwoViews { points1: &points1, points2: &points2, metric };
        let recovered = recover_by_parallax(&views, &homography, self.seed, HYPOTHESES)?;
        let model = rows_of_matrix(&recovered.fundamental);
        let score = self.scorer.score(&model, self.matches, f32::NEG_INFINITY);
        Some(self.refine_one((model, score)))
    }

    /// The chances of a sample of this model's inliers only.
    pub(crate) fn chances(&self, model: &ModelRows) -> Chances {
        let inliers = mark_inliers(&self.scorer, model, self.matches);
        Chances::of(&self.weights.source, &inliers, self.matches.kind.sample_size())
    }
}

impl Found {
    fn offer(&mut self, scored: Scored) -> bool {
        self.refined.push(scored);
        let better = self.best.is_none_or(|(_, best)| scored.1 > best);
        if better {
            self.best = Some(scored);
        }
        better
    }
}
