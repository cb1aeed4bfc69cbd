//! The models that the soft selection selects from.

use crate::Score;
use crate::cpu::residual::ModelRows;
use crate::cpu::search::refine_model::refine_model;
use crate::cpu::search::score_models::Scorer;
use crate::geometry::EpipolarResidual;
use crate::ransac::stages::schedule::LOCAL;
use crate::train::example::Example;
use rayon::prelude::*;

/// Refined models, as many rows for each pair.
pub(crate) struct Candidates {
    /// Twelve numbers a row.
    pub(crate) models: Vec<f32>,
    /// 1 where there is a model, else 0.
    pub(crate) valid: Vec<f32>,
    /// The hypothesis of its pair that each was refined from; `None` for the true model, and where there is no model.
    pub(crate) hypothesis: Vec<Option<usize>>,
}

/// Of each pair so many of its models, twelve numbers each and zeros where there is none, and its true model: those of highest
/// score with these weights of the matches, refined as the estimator does.
pub(crate) fn candidates(pairs: &[Example], models: &[f32], weights: &[f32], count: usize) -> Candidates {
    let hypotheses = models.len() / 12 / pairs.len().max(1);
    let starts = pairs.iter().scan(0, |end, pair| {
        let start = *end;
        *end += pair.normalized.count;
        Some(start)
    });
    let jobs: Vec<_> = pairs.iter().zip(starts).zip(models.chunks(12 * hypotheses.max(1))).collect();
    let of_pairs: Vec<Vec<(Option<usize>, ModelRows)>> = jobs
        .into_par_iter()
        .map(|((pair, start), models)| best_refined(pair, models, &weights[start..][..pair.normalized.count], count))
        .collect();
    let mut found = Candidates { models: Vec::new(), valid: Vec::new(), hypothesis: Vec::new() };
    for refined in of_pairs {
        for row in 0..=count {
            let (hypothesis, model) = refined.get(row).copied().unwrap_or_default();
            found.models.extend(model.iter().flatten().map(|&entry| entry as f32));
            found.valid.push(if row < refined.len() { 1.0 } else { 0.0 });
            found.hypothesis.push(hypothesis);
        }
    }
    found
}

fn best_refined(pair: &Example, models: &[f32], weights: &[f32], count: usize) -> Vec<(Option<usize>, ModelRows)> {
    let matches = pair.normalized.with_weights(weights);
    let scorer = Scorer::new(matches.kind, Score::Magsacpp, EpipolarResidual::default());
    let is_model = |(_, values): &(usize, &[f32])| values.iter().any(|&entry| entry != 0.0);
    let with_score = |(hypothesis, values): (usize, &[f32])| {
        let model: ModelRows = std::array::from_fn(|i| std::array::from_fn(|k| f64::from(values[4 * i + k])));
        (scorer.score(&model, &matches, f32::NEG_INFINITY), (Some(hypothesis), model))
    };
    let mut scored: Vec<_> = models.chunks(12).enumerate().filter(is_model).map(with_score).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let best = scored.into_iter().take(count).map(|(_, model)| model).chain([(None, pair.true_model)]);
    let refined = best.map(|(hypothesis, model)| (hypothesis, refine_model(&model, &matches, &LOCAL)));
    refined.filter(|(_, model)| is_finite(model)).collect()
}

impl Candidates {
    /// By how much each of so many hypotheses of the pairs raises the expected loss of the softly selected one, the true
    /// model left aside: what the selection loses with it, less what it would lose without it. 0 for what was never a
    /// candidate.
    pub(crate) fn contributions(
        &self,
        pairs: usize,
        hypotheses: usize,
        sharpness: f32,
        [scores, losses]: [&[f32]; 2],
    ) -> Vec<f32> {
        let of_each = self.hypothesis.len() / pairs.max(1);
        let mut contributions = vec![0.0; pairs * hypotheses];
        for pair in 0..pairs {
            let rows = pair * of_each..(pair + 1) * of_each;
            let sampled: Vec<(usize, usize)> =
                rows.filter_map(|row| self.hypothesis[row].map(|hypothesis| (row, hypothesis))).collect();
            let expected = |without: Option<usize>| {
                let others = sampled.iter().map(|&(row, _)| row).filter(|&row| Some(row) != without);
                expected_loss(others.map(|row| (sharpness * scores[row], losses[row])))
            };
            let all = expected(None);
            for &(row, hypothesis) in &sampled {
                contributions[pair * hypotheses + hypothesis] = all - expected(Some(row));
            }
        }
        contributions
    }
}

/// Under the softmax of the first of each; of nothing at all that of a lost pair.
fn expected_loss(of_each: impl Iterator<Item = (f32, f32)> + Clone) -> f32 {
    let highest = of_each.clone().map(|(score, _)| score).fold(f32::NEG_INFINITY, f32::max);
    let (weighted, sum) = of_each.fold((0.0, 0.0), |(weighted, sum), (score, loss)| {
        let share = (score - highest).exp();
        (weighted + share * loss, sum + share)
    });
    if sum > 0.0 { weighted / sum } else { 1.0 }
}

fn is_finite(model: &ModelRows) -> bool {
    model.iter().flatten().all(|entry| entry.is_finite())
}
