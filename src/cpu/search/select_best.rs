//! The best models of a round, at most one a hypothesis.

use crate::cpu::residual::ModelRows;

/// A model with its score, and the hypothesis that gave it.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// The model.
    pub model: ModelRows,
    /// Its score.
    pub score: f32,
    /// The hypothesis, which breaks ties: the earlier one wins.
    pub hypothesis: u32,
}

/// Keeps the `N` best candidates seen, best first.
#[derive(Clone, Debug)]
pub struct SelectBest<const N: usize> {
    best: [Option<Candidate>; N],
}

impl<const N: usize> Default for SelectBest<N> {
    fn default() -> Self {
        Self { best: [None; N] }
    }
}

impl<const N: usize> SelectBest<N> {
    /// What a score must exceed to be kept.
    pub fn threshold(&self) -> f32 {
        self.best[N - 1].map_or(0.0, |candidate| candidate.score)
    }

    /// Takes a candidate in where it belongs; of one hypothesis only the best stays.
    pub fn offer(&mut self, candidate: Candidate) {
        if candidate.score <= self.threshold() {
            return;
        }
        let same = self.best.iter().position(|b| b.is_some_and(|b| b.hypothesis == candidate.hypothesis));
        if let Some(place) = same {
            if self.best[place].is_some_and(|b| b.score >= candidate.score) {
                return;
            }
            self.best[place] = None;
            self.best[place..].rotate_left(1);
        }
        self.best[N - 1] = Some(candidate);
        let mut place = N - 1;
        while place > 0 && self.best[place - 1].is_none_or(|b| b.score < candidate.score) {
            self.best.swap(place, place - 1);
            place -= 1;
        }
    }

    /// The candidates kept, best first.
    pub fn into_best(self) -> impl Iterator<Item = Candidate> {
        self.best.into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_best_one_a_hypothesis_in_order() {
        let mut select = SelectBest::<3>::default();
        for (score, hypothesis) in [(1.0, 0), (5.0, 1), (4.0, 1), (2.0, 2), (3.0, 3), (6.0, 1), (3.0, 4)] {
            select.offer(Candidate { model: [[0.0; 4]; 3], score, hypothesis });
        }
        let kept: Vec<(f32, u32)> = select.into_best().map(|c| (c.score, c.hypothesis)).collect();
        assert_eq!(kept, [(6.0, 1), (3.0, 3), (3.0, 4)]);
    }
}
