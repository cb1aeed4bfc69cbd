//! How the search proceeds, alike on every backend: the sizes of its rounds, and what is refined when.

use crate::constants::FINAL_SCALE;
use crate::cpu::{robust::Loss, search::refine_model::Refinement};

/// The sizes of the rounds: each has as many hypotheses as there were before it, within these bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rounds {
    /// Hypotheses of the first round.
    pub(crate) first: u32,
    /// Hypotheses of a round at most.
    pub(crate) longest: u32,
}

impl Rounds {
    /// Of the CPU.
    pub(crate) const CPU: Self = Self { first: 32, longest: 256 };

    /// The hypothesis at which the round that starts at hypothesis `start` ends; as in `plan_round`.
    pub(crate) fn end(self, start: u32, max_iterations: u32) -> u32 {
        start.saturating_add(start.clamp(self.first, self.longest)).min(max_iterations)
    }

    /// The first hypothesis of each round.
    pub(crate) fn starts(self, max_iterations: u32) -> impl Iterator<Item = u32> {
        std::iter::successors(Some(0), move |&start| Some(self.end(start, max_iterations)))
            .take_while(move |&start| start < max_iterations)
    }
}

/// Models refined after each round, of different hypotheses.
pub(crate) const REFINED_A_ROUND: usize = 4;

/// The refinement of a round's best models.
pub(crate) const LOCAL: Refinement = Refinement { loss: Loss::Cauchy(0.5), max_iterations: 25, reach: 4.0 };
/// The refinement of the winner.
pub(crate) const FINAL: Refinement = Refinement { loss: Loss::Cauchy(FINAL_SCALE), max_iterations: 100, reach: 1.5 };
/// The winner is replaced by its refinements, which minimise other losses than the score, where they keep this share of the
/// score that the search found.
pub(crate) const KEEP_FINAL: f32 = 0.95;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_double_up_to_the_last_size() {
        let starts: Vec<u32> = Rounds::CPU.starts(1000).collect();
        assert_eq!(starts, [0, 32, 64, 128, 256, 512, 768]);
        assert_eq!(Rounds::CPU.end(768, 1000), 1000);
    }
}
