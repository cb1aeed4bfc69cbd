//! How the search proceeds, alike on every backend: the sizes of its rounds, and what is refined when.

use crate::cpu::{refine_model::Refinement, robust::Loss};

/// Hypotheses of the first round; a later one has as many as there were before it, up to [`LAST_ROUND`].
pub(crate) const FIRST_ROUND: u32 = 32;
/// Hypotheses of a round at most.
pub(crate) const LAST_ROUND: u32 = 256;
/// Models refined after each round, of different hypotheses.
pub(crate) const REFINED_A_ROUND: usize = 4;

/// The refinement of a round's best models.
pub(crate) const LOCAL: Refinement = Refinement { loss: Loss::Cauchy(0.5), max_iterations: 25, reach: 4.0 };
/// The refinement of the winner.
pub(crate) const FINAL: Refinement = Refinement { loss: Loss::Cauchy(0.5), max_iterations: 100, reach: 1.5 };
/// The winner is replaced by its refinements, which minimise other losses than the score, where they keep this share of the
/// score.
pub(crate) const KEEP_FINAL: f32 = 0.95;

/// The hypothesis at which the round that starts at hypothesis `start` ends.
pub(crate) fn round_end(start: u32, max_iterations: u32) -> u32 {
    start.saturating_add(start.clamp(FIRST_ROUND, LAST_ROUND)).min(max_iterations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_double_up_to_the_last_size() {
        let ends: Vec<u32> = std::iter::successors(Some(0), |&start| Some(round_end(start, 1000))).take(8).collect();
        assert_eq!(ends, [0, 32, 64, 128, 256, 512, 768, 1000]);
    }
}
