//! Fundamental matrices of planes and parallax.

use crate::Agreement;
use crate::batch::{Batch, matrix};
use glam::DMat3;
use nabla_ransac::Sampler;
use nabla_ransac::constants::{HYPOTHESES, RECOVERED, UNREACHED};
use nabla_ransac::cpu::{
    recover::{
        recover_plane::{homography_of_sample, recover_by_parallax},
        two_views::TwoViews,
    },
    search::{
        normalize_matches::{NormalizedMatches, rows_of_matrix},
        sample_minimal::{SampleSource, sample_minimal},
        score_models::Scorer,
    },
};

fn difference(a: &DMat3, b: &DMat3) -> f64 {
    (*a - *b).to_cols_array().iter().map(|x| x * x).sum::<f64>().sqrt()
}

impl Batch {
    fn source(&self, pair: usize) -> SampleSource {
        let sums = |k: usize| self.sums[self.range(pair)].iter().map(|sums| sums[k]).collect();
        match self.options.sampler {
            Sampler::Uniform => SampleSource::Uniform(self.pairs[pair].match_count),
            _ => SampleSource::Alternating([sums(0), sums(1)]),
        }
    }

    /// The best candidates of the search.
    fn best(&self, pair: usize) -> Vec<usize> {
        let all = self.candidates.len() / self.pairs.len();
        let searched = pair * all..(pair + 1) * all - RECOVERED as usize;
        let mut found: Vec<usize> = searched.filter(|&i| self.candidates[i].found != 0).collect();
        found.sort_by(|&a, &b| self.candidates[b].score.total_cmp(&self.candidates[a].score).then(a.cmp(&b)));
        found.truncate(RECOVERED as usize);
        found
    }

    fn scored(&self, pair: usize, model: &DMat3) -> f32 {
        let range = self.range(pair);
        let rows: Vec<[f64; 6]> =
            self.matches[range.clone()].iter().map(|m| [m[0], m[1], m[2], m[3], 0.0, 0.0].map(f64::from)).collect();
        let matches = NormalizedMatches::of_rows(self.kind, &rows, self.pairs[pair].metric.map(f64::from));
        let matches = if self.options.weigh_score { matches.with_weights(&self.weights[range]) } else { matches };
        let scorer = Scorer::new(self.kind, self.options.score, self.options.residual);
        scorer.score(&rows_of_matrix(model), &matches, f32::NEG_INFINITY)
    }

    /// What the CPU recovers from a candidate.
    fn recover(&self, pair: usize, candidate: usize) -> Option<DMat3> {
        let sample =
            sample_minimal::<7>(&self.source(pair), self.seed(pair), self.candidates[candidate].hypothesis).unwrap();
        let [points1, points2] = self.points(pair, |_| true);
        let metric = self.pairs[pair].metric.map(f64::from);
        let [sample1, sample2] = [&points1, &points2].map(|points| sample.map(|i| points[i as usize]));
        let model = matrix(&self.minimal_models[candidate]);
        let homography = homography_of_sample(&model, &sample1, &sample2, metric)?;
        let views = TwoViews { points1: &points1, points2: &points2, metric };
        recover_by_parallax(&views, &homography, self.seed(pair), HYPOTHESES).map(|found| found.fundamental)
    }

    pub(crate) fn check_recovered(&self, agreement: &mut Agreement) {
        let all = self.candidates.len() / self.pairs.len();
        for pair in 0..self.pairs.len() {
            let best = if self.pairs[pair].flags == 0 { self.best(pair) } else { Vec::new() };
            for k in 0..RECOVERED as usize {
                let found = &self.candidates[(pair + 1) * all - RECOVERED as usize + k];
                let expected = best.get(k).and_then(|&candidate| self.recover(pair, candidate));
                agreement.compared += 1;
                agreement.same_existence += usize::from(expected.is_some() == (found.found != 0));
                agreement.same_flags += usize::from(expected.is_some() == (found.found != 0));
                assert_eq!(found.needed, UNREACHED);
                if found.found == 0 {
                    assert_eq!(found.score, 0.0);
                } else {
                    assert_eq!(found.hypothesis, self.candidates[best[k]].hypothesis);
                    let (model, score) = (matrix(&found.rows), found.score);
                    assert!(model.determinant().abs() < 1e-5);
                    let rescored = self.scored(pair, &model);
                    assert!((rescored - score).abs() < 2e-3 * rescored + 1.01, "{score} {rescored}");
                }
                let (Some(expected), true) = (expected, found.found != 0) else { continue };
                agreement.exist += 1;
                agreement.same_winner += usize::from(difference(&expected, &matrix(&found.rows)) < 1e-2);
                let score = self.scored(pair, &expected);
                agreement.same_count += usize::from((found.score - score).abs() < 0.01 * score + 1.0);
            }
        }
    }
}
