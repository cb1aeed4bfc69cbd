//! The models that the soft selection selects from.

use burn::tensor::{IndexingUpdateOp, Int, Tensor};

/// Refined models, as many rows for each pair.
pub(crate) struct Candidates {
    /// Twelve numbers a row.
    pub(crate) models: Tensor<2>,
    /// The hypothesis of its pair that each was refined from; as many as there are for the true model, −1 where there is no model.
    pub(crate) origins: Tensor<1>,
}

impl Candidates {
    /// 1 where there is a model, else 0.
    pub(crate) fn valid(&self) -> Tensor<1> {
        self.origins.clone().greater_equal_elem(0.0).float()
    }

    /// By how much each of so many hypotheses of the pairs raises the expected loss of the softly selected one, the true
    /// model left aside: what the selection loses with it, less what it would lose without it. 0 for what was never a
    /// candidate. From the scores and losses of the candidates.
    pub(crate) fn contributions(
        &self,
        [pairs, hypotheses]: [usize; 2],
        sharpness: f32,
        [scores, losses]: [Tensor<1>; 2],
    ) -> Tensor<1> {
        let (device, [rows]) = (scores.device(), self.origins.dims());
        let of_each = rows / pairs.max(1);
        let [scores, losses] = [scores * sharpness, losses].map(|values| values.reshape([pairs, 1, of_each]));
        let is_sampled = self.origins.clone().lower_elem(hypotheses as f32).float() * self.valid();
        let sampled = is_sampled.reshape([pairs, 1, of_each]);
        let without = sampled.clone() * (-Tensor::<2>::eye(of_each, &device) + 1.0).unsqueeze::<3>();
        let raised = expected_losses(&scores, &losses, sampled.clone())
            - expected_losses(&scores, &losses, without).reshape([pairs, 1, of_each]);
        let raised = (raised * sampled).reshape([rows]);
        // what was not sampled adds 0 to some hypothesis
        let of_pair = self.origins.clone().clamp(0.0, hypotheses.max(1) as f32 - 1.0).int().reshape([pairs, of_each]);
        let first = Tensor::<1, Int>::arange(0..pairs as i64, &device).reshape([pairs, 1]) * hypotheses as i64;
        let places = (of_pair + first).reshape([rows]);
        Tensor::zeros([pairs * hypotheses], &device).select_assign(0, places, raised, IndexingUpdateOp::Add)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::networks::parameters::read;
    use burn::tensor::{Device, DeviceKind};

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
        let origin = |(row, of): (usize, &Option<usize>)| of.map_or(if row == 3 { 5.0 } else { -1.0 }, |of| of as f32);
        let origins: Vec<f32> = hypothesis.iter().flat_map(|of_pair| of_pair.iter().enumerate().map(origin)).collect();
        for device in [Device::flex(), Device::wgpu(DeviceKind::DefaultDevice)] {
            let known = [scores, losses].map(|values| {
                let values: Vec<f32> = values.concat().into_iter().map(|value| value as f32).collect();
                Tensor::from_data(values.as_slice(), &device)
            });
            let origins = Tensor::from_data(origins.as_slice(), &device);
            let found = Candidates { models: Tensor::zeros([16, 12], &device), origins };
            let contributions = read(found.contributions([4, 5], sharpness as f32, known)).unwrap();
            for (place, (found, expected)) in contributions.iter().zip(&expected).enumerate() {
                assert!((f64::from(*found) - expected).abs() < 1e-6, "{device:?}, {place}: {found} {expected}");
            }
        }
    }
}
