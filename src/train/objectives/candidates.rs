//! The models that the soft selection selects from.

use crate::cpu::residual::ModelRows;
use crate::cpu::search::refine_model::refine_model;
use crate::cpu::search::score_models::Scorer;
use crate::geometry::EpipolarResidual;
use crate::ransac::stages::schedule::LOCAL;
use crate::train::example::Example;
use crate::train::networks::parameters::read;
use crate::{Result, Score};
use burn::tensor::{Device, IndexingUpdateOp, Int, Tensor, TensorData};
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

/// Of each pair so many of its models [B, 12], zeros where there is none, and its true model: those of highest score with these
/// weights of the matches, refined as the estimator does. On the CPU, so that the device is waited for.
///
/// # Errors
/// [`Error::Device`](crate::Error::Device) when they cannot be read back.
pub(crate) fn candidates(pairs: &[Example], models: Tensor<2>, weights: Tensor<1>, count: usize) -> Result<Candidates> {
    let entries = 12 * models.dims()[0];
    let read = read(Tensor::cat(vec![models.reshape([entries]), weights], 0))?;
    let (models, weights) = read.split_at(entries);
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
    Ok(found)
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
    /// candidate. From the scores and losses of the candidates, on their device.
    pub(crate) fn contributions(
        &self,
        [pairs, hypotheses]: [usize; 2],
        sharpness: f32,
        [scores, losses]: [Tensor<1>; 2],
    ) -> Tensor<1> {
        let (device, rows) = (scores.device(), self.hypothesis.len());
        let of_each = rows / pairs.max(1);
        let [scores, losses] = [scores * sharpness, losses].map(|values| values.reshape([pairs, 1, of_each]));
        let sampled = self.sampled(&device).reshape([pairs, 1, of_each]);
        let without = sampled.clone() * (-Tensor::<2>::eye(of_each, &device) + 1.0).unsqueeze::<3>();
        let raised = expected_losses(&scores, &losses, sampled.clone())
            - expected_losses(&scores, &losses, without).reshape([pairs, 1, of_each]);
        let places = self.hypothesis.iter().enumerate();
        let places = places.map(|(row, hypothesis)| (row / of_each * hypotheses + hypothesis.unwrap_or(0)) as i32);
        let places = Tensor::<1, Int>::from_data(TensorData::new(places.collect::<Vec<_>>(), [rows]), &device);
        let raised = (raised * sampled).reshape([rows]);
        Tensor::zeros([pairs * hypotheses], &device).select_assign(0, places, raised, IndexingUpdateOp::Add)
    }

    /// 1 for each candidate that was sampled.
    fn sampled(&self, device: &Device) -> Tensor<1> {
        let sampled: Vec<f32> =
            self.hypothesis.iter().map(|hypothesis| f32::from(u8::from(hypothesis.is_some()))).collect();
        Tensor::from_data(sampled.as_slice(), device)
    }
}

/// Under the softmax of the scores [pairs, 1, n], of those counted in each row of [pairs, rows, n]: [pairs, rows, 1]. Of
/// nothing at all that of a lost pair.
fn expected_losses(scores: &Tensor<3>, losses: &Tensor<3>, counted: Tensor<3>) -> Tensor<3> {
    let exponents = scores.clone() + (counted.clone() - 1.0) * HOPELESS;
    let shares = (exponents.clone() - exponents.max_dim(2)).exp() * counted;
    let sum = shares.clone().sum_dim(2);
    // 0, or 1 and more
    let lost = -sum.clone().clamp_max(1.0) + 1.0;
    (shares * losses.clone()).sum_dim(2) / sum.clamp_min(1.0) + lost
}

/// Below whatever counts.
const HOPELESS: f32 = 1e30;

fn is_finite(model: &ModelRows) -> bool {
    model.iter().flatten().all(|entry| entry.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::DeviceKind;

    /// Under the softmax of the first of each; of nothing at all that of a lost pair.
    fn expected_loss(of_each: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
        let highest = of_each.clone().map(|(score, _)| score).fold(f64::NEG_INFINITY, f64::max);
        let (weighted, sum) = of_each.fold((0.0, 0.0), |(weighted, sum), (score, loss)| {
            let share = (score - highest).exp();
            (weighted + share * loss, sum + share)
        });
        if sum > 0.0 { weighted / sum } else { 1.0 }
    }

    /// Of pairs of three candidates and a true model, sampled as hypotheses of five: usual ones, one far ahead of the others, one
    /// alone, none.
    #[test]
    fn contributions_are_what_the_selection_loses_by_each_hypothesis() {
        let hypothesis = [
            [Some(4), Some(0), Some(2), None],
            [Some(1), Some(3), Some(0), None],
            [Some(2), None, None, None],
            [None; 4],
        ];
        let scores = [[9.0, 8.0, 7.5, 20.0], [400.0, 3.0, 2.0, 1.0], [5.0, 0.0, 0.0, 0.0], [7.0, 0.0, 0.0, 0.0]];
        let losses = [[0.3, 0.9, 0.1, 0.0], [0.2, 0.7, 0.4, 0.0], [0.6, 0.0, 0.0, 0.0], [0.1, 0.0, 0.0, 0.0]];
        let sharpness = 0.3;
        let mut expected = vec![0.0; 4 * 5];
        for pair in 0..4 {
            let lost = |without: Option<usize>| {
                let others = (0..4).filter(|&row| hypothesis[pair][row].is_some() && Some(row) != without);
                expected_loss(others.map(|row| (sharpness * scores[pair][row], losses[pair][row])))
            };
            for row in 0..4 {
                if let Some(place) = hypothesis[pair][row] {
                    expected[5 * pair + place] = lost(None) - lost(Some(row));
                }
            }
        }
        let found = Candidates { models: Vec::new(), valid: Vec::new(), hypothesis: hypothesis.concat() };
        for device in [Device::flex(), Device::wgpu(DeviceKind::DefaultDevice)] {
            let known = [scores, losses].map(|values| {
                let values: Vec<f32> = values.concat().into_iter().map(|value| value as f32).collect();
                Tensor::from_data(values.as_slice(), &device)
            });
            let contributions = read(found.contributions([4, 5], sharpness as f32, known)).unwrap();
            for (place, (found, expected)) in contributions.iter().zip(&expected).enumerate() {
                assert!((f64::from(*found) - expected).abs() < 1e-6, "{device:?}, {place}: {found} {expected}");
            }
        }
    }
}
