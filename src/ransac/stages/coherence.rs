//! Refinement of the winner by the neighbours of its matches: weights and model are found in turns.

use super::schedule::{FINAL, LOCAL};
use crate::constants::WIDE_REACH;
use crate::cpu::{
    residual::ModelRows,
    search::{
        normalize_matches::NormalizedMatches,
        refine_model::{Refinement, refine_model},
        score_models::Scorer,
        weigh_by_neighbours::{Neighbours, weigh_by_neighbours},
    },
};
use crate::geometry::ModelKind;

/// Weights and model are found in turns so many times.
pub(crate) const ROUNDS: usize = 2;
/// What first moves the model: of a wrong start many right matches are far from it.
pub(crate) const WIDE: Refinement = Refinement { reach: WIDE_REACH, ..LOCAL };

/// Whether neighbours tell of models of this kind: it was found so for epipolar geometry, which leaves a match free along a
/// line.
pub(crate) const fn serves(kind: ModelKind) -> bool {
    matches!(kind, ModelKind::Essential | ModelKind::Fundamental)
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
        weigh_by_neighbours(&model, matches, neighbours, scorer, &mut coherent.refinement_weights);
        refine_model(&refine_model(&model, &coherent, &WIDE), &coherent, &FINAL)
    })
}
