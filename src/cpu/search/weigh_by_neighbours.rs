//! What matches weigh by their neighbours. A right match lies among right ones: what the neighbours of a match say about a model
//! tells more of it than its own residual, which says little along the epipolar line (after GC-RANSAC, Barath and Matas, CVPR
//! 2018).

use super::{normalize_matches::NormalizedMatches, score_models::Scorer};
use crate::constants::{AGREEMENT, COHERENT_NEIGHBOURS, LEAST_AGREEMENT, WIDE_REACH};
use crate::cpu::{rank::find_neighbours::Tree, residual::ModelRows};

/// The nearest other matches of each match, [`COHERENT_NEIGHBOURS`] of each, found for those that are asked for.
#[derive(Debug)]
pub struct Neighbours {
    tree: Tree,
    found: Vec<Option<[u32; COHERENT_NEIGHBOURS]>>,
}

impl Neighbours {
    /// Of the matches of two views.
    pub fn new(matches: &NormalizedMatches) -> Self {
        let [x1, y1, x2, y2, ..] = &matches.columns_f32;
        let points: Vec<[f32; 4]> = (0..matches.count).map(|i| [x1[i], y1[i], x2[i], y2[i]]).collect();
        Self { tree: Tree::new(&points), found: vec![None; points.len()] }
    }

    /// Those of the matches with these indices.
    fn of(&mut self, indices: &[u32]) -> impl Iterator<Item = &[u32; COHERENT_NEIGHBOURS]> {
        let missing: Vec<u32> = indices.iter().copied().filter(|&i| self.found[i as usize].is_none()).collect();
        let found = self.tree.find(&missing, COHERENT_NEIGHBOURS);
        for (&i, neighbours) in missing.iter().zip(found.as_chunks().0) {
            self.found[i as usize] = Some(*neighbours);
        }
        indices.iter().filter_map(|&i| self.found[i as usize].as_ref())
    }
}

/// Weighs the matches near a model by the agreement of their neighbours; the others keep the weight that they have.
pub fn weigh_by_neighbours(
    model: &ModelRows,
    matches: &NormalizedMatches,
    neighbours: &mut Neighbours,
    scorer: &Scorer,
    coherent_weights: &mut [f64],
) {
    let residuals_sq = scorer.residuals_sq(model, matches);
    let is_near = |&i: &u32| residuals_sq[i as usize] < WIDE_REACH * WIDE_REACH;
    let near: Vec<u32> = (0..matches.count as u32).filter(is_near).collect();
    let weights = &matches.refinement_weights;
    let agreements = neighbour_agreements(&residuals_sq, weights, neighbours.of(&near));
    for (&i, agreement) in near.iter().zip(agreements) {
        coherent_weights[i as usize] = weights[i as usize] * agreement;
    }
}

/// The weighted mean over the neighbours of each of some matches of how much they agree with a model, in
/// [`LEAST_AGREEMENT`]..=1, squared.
fn neighbour_agreements<'a>(
    residuals_sq: &[f64],
    weights: &[f64],
    neighbours: impl Iterator<Item = &'a [u32; COHERENT_NEIGHBOURS]>,
) -> Vec<f64> {
    let agreements: Vec<f64> = residuals_sq.iter().map(|t| (1.0 - t / (AGREEMENT * AGREEMENT)).max(0.0)).collect();
    let of_neighbours = |of_match: &[u32; COHERENT_NEIGHBOURS]| {
        let (agreeing, all) = of_match
            .iter()
            .map(|&j| j as usize)
            .fold((0.0, 0.0), |(agreeing, all), j| (agreeing + weights[j] * agreements[j], all + weights[j]));
        let share = if all > 0.0 { agreeing / all } else { 0.0 };
        share.max(LEAST_AGREEMENT).powi(2)
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
        let expected = [LEAST_AGREEMENT.powi(2), 1.0, 1.0, (1.0f64 / 3.0).powi(2)];
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
    }
}
