//! Refinement of the winner by the neighbours of its matches. A right match lies among right ones: what the neighbours of a
//! match say about a model tells more of it than its own residual, which says little along the epipolar line (after GC-RANSAC,
//! Barath and Matas, CVPR 2018).

use super::schedule::{FINAL, LOCAL};
use crate::cpu::{
    rank::find_neighbours::Tree,
    residual::ModelRows,
    search::{
        normalize_matches::NormalizedMatches,
        refine_model::{Refinement, refine_model},
        score_models::Scorer,
    },
};
use crate::geometry::ModelKind;

/// Nearest other matches of a match in (x1, y1, x2, y2), all of which have a say.
const NEIGHBOURS: usize = 8;
/// A match agrees with a model less and less up to a residual of so many thresholds.
const AGREEMENT: f64 = 2.0;
/// A match counts by the agreement of its neighbours to the power of this.
const POWER: i32 = 2;
/// Weights and model are found in turns so many times.
const ROUNDS: usize = 2;
/// What first moves the model: of a wrong start many right matches are far from it.
const WIDE: Refinement = Refinement { reach: 10.0, ..LOCAL };
/// What a match without any neighbour that agrees still counts.
const LEAST: f64 = 1e-3;

/// Whether neighbours tell of models of this kind: it was found so for epipolar geometry, which leaves a match free along a
/// line.
pub(crate) const fn serves(kind: ModelKind) -> bool {
    matches!(kind, ModelKind::Essential | ModelKind::Fundamental)
}

/// The nearest other matches of each match, [`NEIGHBOURS`] of each, found for those that are asked for.
pub(crate) struct Neighbours {
    tree: Tree,
    found: Vec<Option<[u32; NEIGHBOURS]>>,
}

impl Neighbours {
    /// Of the matches of two views.
    pub(crate) fn new(matches: &NormalizedMatches) -> Self {
        let [x1, y1, x2, y2, ..] = &matches.columns_f32;
        let points: Vec<[f32; 4]> = (0..matches.count).map(|i| [x1[i], y1[i], x2[i], y2[i]]).collect();
        Self { tree: Tree::new(&points), found: vec![None; points.len()] }
    }

    /// Those of the matches with these indices.
    fn of(&mut self, indices: &[u32]) -> impl Iterator<Item = &[u32; NEIGHBOURS]> {
        let missing: Vec<u32> = indices.iter().copied().filter(|&i| self.found[i as usize].is_none()).collect();
        let found = self.tree.find(&missing, NEIGHBOURS);
        for (&i, neighbours) in missing.iter().zip(found.as_chunks().0) {
            self.found[i as usize] = Some(*neighbours);
        }
        indices.iter().filter_map(|&i| self.found[i as usize].as_ref())
    }
}

/// The model refined with each match's weight times the agreement of its neighbours.
pub(crate) fn refine_coherently(
    model: &ModelRows,
    matches: &NormalizedMatches,
    neighbours: &mut Neighbours,
    scorer: &Scorer,
) -> ModelRows {
    let mut coherent = matches.clone();
    (0..ROUNDS).fold(*model, |model, _| {
        let residuals_sq = scorer.residuals_sq(&model, matches);
        // no other takes part
        let is_near = |&i: &u32| residuals_sq[i as usize] < WIDE.reach * WIDE.reach;
        let near: Vec<u32> = (0..matches.count as u32).filter(is_near).collect();
        let weights = &matches.refinement_weights;
        let agreements = neighbour_agreements(&residuals_sq, weights, neighbours.of(&near));
        for (&i, agreement) in near.iter().zip(agreements) {
            coherent.refinement_weights[i as usize] = weights[i as usize] * agreement;
        }
        refine_model(&refine_model(&model, &coherent, &WIDE), &coherent, &FINAL)
    })
}

/// The weighted mean over the neighbours of each of some matches of how much they agree with a model, in [`LEAST`]..=1, to the
/// power.
fn neighbour_agreements<'a>(
    residuals_sq: &[f64],
    weights: &[f64],
    neighbours: impl Iterator<Item = &'a [u32; NEIGHBOURS]>,
) -> Vec<f64> {
    let agreements: Vec<f64> = residuals_sq.iter().map(|t| (1.0 - t / (AGREEMENT * AGREEMENT)).max(0.0)).collect();
    let of_neighbours = |of_match: &[u32; NEIGHBOURS]| {
        let (agreeing, all) = of_match
            .iter()
            .map(|&j| j as usize)
            .fold((0.0, 0.0), |(agreeing, all), j| (agreeing + weights[j] * agreements[j], all + weights[j]));
        let share = if all > 0.0 { agreeing / all } else { 0.0 };
        share.max(LEAST).powi(POWER)
    };
    neighbours.map(of_neighbours).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_match_counts_by_its_neighbours_and_not_by_itself() {
        // the first lies well among matches that do not, the second badly among matches that lie well
        let residuals_sq = [0.0, 100.0, 100.0, 0.0];
        let weights = [1.0, 1.0, 1.0, 0.5];
        let neighbours = [[1; 8], [0; 8], [0, 0, 0, 0, 3, 3, 3, 3], [1, 1, 1, 1, 3, 3, 3, 3]];
        let found = neighbour_agreements(&residuals_sq, &weights, neighbours.iter());
        let expected = [LEAST.powi(POWER), 1.0, 1.0, (1.0f64 / 3.0).powi(POWER)];
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
    }
}
