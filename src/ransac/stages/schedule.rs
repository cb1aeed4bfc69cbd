//! How the search proceeds, alike on every backend: the sizes of its rounds, and what is refined when.

use crate::constants::{FINAL_SCALE, HYPOTHESES_A_CANDIDATE, LEAST_CANDIDATES, MAX_CANDIDATES};
use crate::cpu::{robust::Loss, search::refine_model::Refinement};
use crate::ransac::Options;

/// Hypotheses of the first round at least.
const SHORTEST_ROUND: u32 = 32;
/// Hypotheses of a round at most, unless that makes too many rounds, which a GPU has encoded ahead; a fixed budget up to it is one
/// round.
const LONGEST_ROUND: u32 = 1024;
const MAX_ROUNDS: u32 = 128;

/// The sizes of the rounds: each has as many hypotheses as there were before it, within these bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rounds {
    /// Hypotheses of the first round.
    pub(crate) first: u32,
    /// Hypotheses of a round at most.
    pub(crate) longest: u32,
}

impl Rounds {
    /// Those of these options; the first has as many hypotheses as must be drawn anyway.
    pub(crate) fn of(options: &Options) -> Self {
        let first = options.min_iterations.clamp(SHORTEST_ROUND, LONGEST_ROUND).min(options.max_iterations);
        let longest = LONGEST_ROUND.max(options.max_iterations.div_ceil(MAX_ROUNDS));
        Self { first, longest: longest.min(first.max(options.max_iterations / 2)) }
    }

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

/// Models refined after a round of so many hypotheses, each of another one; as in `plan_round`.
pub(crate) fn candidates_of(hypotheses: u32) -> u32 {
    (hypotheses / HYPOTHESES_A_CANDIDATE).clamp(LEAST_CANDIDATES, MAX_CANDIDATES)
}

/// The refinement of a round's best models.
pub(crate) const LOCAL: Refinement = Refinement { loss: Loss::Cauchy(LOCAL_SCALE), max_iterations: 25, reach: 4.0 };
/// The scale of its loss, thresholds.
pub(crate) const LOCAL_SCALE: f64 = 0.5;
/// The refinement of a prior ahead of the others: from one frame to the next points may move by so many thresholds that the last model
/// explains none of them. So near it there are few wrong matches.
pub(crate) const CATCH_UP: Refinement = Refinement { loss: Loss::Cauchy(8.0), max_iterations: 25, reach: 32.0 };
/// The refinement of the winner.
pub(crate) const FINAL: Refinement = Refinement { loss: Loss::Cauchy(FINAL_SCALE), max_iterations: 100, reach: 1.5 };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_double_up_to_the_last_size() {
        let rounds = |min_iterations, max_iterations| {
            let options = Options { min_iterations, max_iterations, ..Options::default() };
            Rounds::of(&options).starts(max_iterations).collect::<Vec<u32>>()
        };
        assert_eq!(rounds(1, 2048), [0, 32, 64, 128, 256, 512, 1024]);
        assert_eq!(rounds(64, 3000), [0, 64, 128, 256, 512, 1024, 2048]);
        assert_eq!(rounds(1000, 1000), [0]);
        assert_eq!(rounds(1, 1), [0]);
        assert!(rounds(1000, 100_000).len() <= 128);
        assert!(rounds(0, u32::MAX).len() <= 160);
    }
}
