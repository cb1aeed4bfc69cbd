//! The models that the soft selection selects from.

use super::example::Example;
use crate::Score;
use crate::cpu::refine_model::refine_model;
use crate::cpu::residual::{EpipolarResidual, ModelRows};
use crate::cpu::score_models::Scorer;
use crate::ransac::schedule::LOCAL;
use rayon::prelude::*;

/// Refined models, as many rows for each pair.
pub(super) struct Candidates {
    /// Twelve numbers a row.
    pub(super) models: Vec<f32>,
    /// 1 where there is a model, else 0.
    pub(super) valid: Vec<f32>,
}

/// Of each pair so many of its models, twelve numbers each and zeros where there is none, and its true model: those of highest
/// score with these weights of the matches, refined as the estimator does.
pub(super) fn candidates(pairs: &[Example], models: &[f32], weights: &[f32], count: usize) -> Candidates {
    let hypotheses = models.len() / 12 / pairs.len().max(1);
    let starts = pairs.iter().scan(0, |end, pair| {
        let start = *end;
        *end += pair.normalized.count;
        Some(start)
    });
    let jobs: Vec<_> = pairs.iter().zip(starts).zip(models.chunks(12 * hypotheses.max(1))).collect();
    let of_pairs: Vec<Vec<ModelRows>> = jobs
        .into_par_iter()
        .map(|((pair, start), models)| best_refined(pair, models, &weights[start..][..pair.normalized.count], count))
        .collect();
    let mut found = Candidates { models: Vec::new(), valid: Vec::new() };
    for refined in of_pairs {
        for row in 0..=count {
            let model = refined.get(row).copied().unwrap_or_default();
            found.models.extend(model.iter().flatten().map(|&entry| entry as f32));
            found.valid.push(if row < refined.len() { 1.0 } else { 0.0 });
        }
    }
    found
}

fn best_refined(pair: &Example, models: &[f32], weights: &[f32], count: usize) -> Vec<ModelRows> {
    let matches = pair.normalized.with_weights(weights);
    let scorer = Scorer::new(matches.kind, Score::Magsacpp, EpipolarResidual::default());
    let score = |model: &ModelRows| scorer.score(model, &matches, f32::NEG_INFINITY);
    let rows = |values: &[f32]| -> ModelRows {
        std::array::from_fn(|i| std::array::from_fn(|k| f64::from(values[4 * i + k])))
    };
    let is_model = |values: &&[f32]| values.iter().any(|&entry| entry != 0.0);
    let mut scored: Vec<_> = models.chunks(12).filter(is_model).map(rows).map(|model| (score(&model), model)).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let best = scored.into_iter().take(count).map(|(_, model)| model).chain([pair.true_model]);
    best.map(|model| refine_model(&model, &matches, &LOCAL)).filter(is_finite).collect()
}

fn is_finite(model: &ModelRows) -> bool {
    model.iter().flatten().all(|entry| entry.is_finite())
}
