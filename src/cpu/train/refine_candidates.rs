//! Of a pair so many of its models, those of highest score, and its true model, each refined as the estimator does after a round.

use crate::cpu::residual::ModelRows;
use crate::cpu::search::{
    normalize_matches::NormalizedMatches,
    refine_model::{Refinement, refine_model},
};

/// The refined models, each with its place among those of the pair, and at last the true one, whose place is behind theirs; `None` where
/// there is no model, all of whose entries are 0, or none any more.
///
/// The matches weigh in the refinement as they say themselves.
pub fn refine_candidates(
    models: &[ModelRows],
    scores: &[f32],
    true_model: &ModelRows,
    matches: &NormalizedMatches,
    count: usize,
    refinement: &Refinement,
) -> Vec<Option<(usize, ModelRows)>> {
    let is_model = |place: &usize| models[*place].iter().flatten().any(|&entry| entry != 0.0);
    let mut best: Vec<usize> = (0..models.len()).filter(is_model).collect();
    best.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let refined = |(place, model): (usize, &ModelRows)| {
        let refined = refine_model(model, matches, refinement);
        refined.iter().flatten().all(|entry| entry.is_finite()).then_some((place, refined))
    };
    let chosen = (0..count).map(|rank| best.get(rank).and_then(|&place| refined((place, &models[place]))));
    chosen.chain([refined((models.len(), true_model))]).collect()
}
