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

/// Keeps so many of the best candidates seen, best first.
#[derive(Clone, Debug)]
pub struct SelectBest {
    best: Vec<Candidate>,
    most: usize,
}

impl SelectBest {
    /// Keeps `most`, at least one.
    pub fn new(most: usize) -> Self {
        Self { best: Vec::with_capacity(most + 1), most }
    }

    /// What a score must exceed to be kept.
    pub fn threshold(&self) -> f32 {
        self.best.get(self.most - 1).map_or(0.0, |candidate| candidate.score)
    }

    /// Takes a candidate in where it belongs; of one hypothesis only the best stays.
    pub fn offer(&mut self, candidate: Candidate) {
        if candidate.score <= self.threshold() {
            return;
        }
        if let Some(same) = self.best.iter().position(|best| best.hypothesis == candidate.hypothesis) {
            if self.best[same].score >= candidate.score {
                return;
            }
            self.best.remove(same);
        }
        let place = self.best.partition_point(|best| best.score >= candidate.score);
        self.best.insert(place, candidate);
        self.best.truncate(self.most);
    }

    /// The candidates kept, best first.
    pub fn into_best(self) -> Vec<Candidate> {
        self.best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_best_one_a_hypothesis_in_order() {
        let mut select = SelectBest::new(3);
        for (score, hypothesis) in [(1.0, 0), (5.0, 1), (4.0, 1), (2.0, 2), (3.0, 3), (6.0, 1), (3.0, 4)] {
            select.offer(Candidate { model: [[0.0; 4]; 3], score, hypothesis });
        }
        let kept: Vec<(f32, u32)> = select.into_best().iter().map(|c| (c.score, c.hypothesis)).collect();
        assert_eq!(kept, [(6.0, 1), (3.0, 3), (3.0, 4)]);
    }
}
