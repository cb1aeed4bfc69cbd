//! Each stage on the GPU agrees with its CPU twin, stage by stage through one round of every kind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/round.rs"]
mod round;
#[path = "common/scenes.rs"]
mod scenes;

use nabla_ransac::constants::SCORE_SHARES;
use nabla_ransac::cpu::{
    residual::ModelRows,
    robust::Loss,
    search::{
        mark_inliers::mark_inliers,
        refine_model::{Refinement, refine_model},
        sample_minimal::{SampleSource, sample_minimal},
    },
};
use nabla_ransac::gpu::Context;
use nabla_ransac::ransac::EpipolarResidual;
use nabla_ransac::{ModelKind, Options, Sampler, Score};
use round::{COUNT, Round, SEED, rows, run};

struct Checked(Round);

impl std::ops::Deref for Checked {
    type Target = Round;

    fn deref(&self) -> &Round {
        &self.0
    }
}

impl Checked {
    fn check_matches(&self) {
        let normalized = self.normalized();
        let spatial = self.matches.len() / COUNT == 2;
        for i in 0..COUNT {
            let expected: Vec<f64> =
                normalized.columns.iter().map(|column| column.get(i).copied().unwrap_or(0.0)).collect();
            let found: Vec<f32> = if spatial {
                self.matches[2 * i][..3].iter().chain(&self.matches[2 * i + 1][..3]).copied().collect()
            } else {
                self.matches[i].to_vec()
            };
            for (found, expected) in found.iter().zip(&expected) {
                assert!((f64::from(*found) - expected).abs() < 2e-6, "{:?} match {i}", self.scene.kind);
            }
        }
    }

    fn check_samples(&self) {
        match self.scene.kind.sample_size() {
            3 => self.check_samples_of::<3>(),
            4 => self.check_samples_of::<4>(),
            5 => self.check_samples_of::<5>(),
            _ => self.check_samples_of::<7>(),
        }
    }

    fn check_samples_of<const M: usize>(&self) {
        let source = match self.options.sampler {
            Sampler::Weights => SampleSource::weighted(&self.weights),
            _ => SampleSource::Uniform(COUNT as u32),
        };
        for (hypothesis, sample) in self.samples.chunks(M).enumerate() {
            assert_eq!(sample_minimal::<M>(&source, SEED, hypothesis as u32).unwrap(), *sample);
        }
    }

    fn check_scores(&self) {
        let (normalized, scorer) = (self.normalized(), self.scorer());
        let count = self.list[0] as usize;
        assert!(count > 50, "{:?}: {count} models", self.scene.kind);
        assert!(self.list[1..=count].is_sorted_by(|a, b| a < b));
        let mut differing = 0;
        for (place, &id) in self.list[1..=count].iter().enumerate() {
            let expected = scorer.score(&rows(&self.models[id as usize]), &normalized, f32::NEG_INFINITY);
            let found = self.scores[place * SCORE_SHARES];
            // a match at the threshold, or at infinity, may fall on either side
            let tolerance = 2e-3 * expected + if self.options.score == Score::Ransac { 2.01 } else { 0.05 };
            differing += usize::from((found - expected).abs() > tolerance);
        }
        assert!(differing * 200 <= count, "{:?}: {differing} of {count} scores differ", self.scene.kind);
    }

    fn check_candidates(&self) {
        let max = self.scene.kind.max_solutions() as u32;
        let count = self.list[0] as usize;
        let score = |place: usize| self.scores[place * SCORE_SHARES];
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by(|&a, &b| score(b).total_cmp(&score(a)).then(a.cmp(&b)));
        let mut hypotheses = Vec::new();
        let mut expected = Vec::new();
        for place in order {
            let id = self.list[1 + place];
            if !hypotheses.contains(&(id / max)) {
                hypotheses.push(id / max);
                expected.push(id);
            }
        }
        let found: Vec<u32> = self.candidates.iter().map(|candidate| candidate.model).collect();
        assert_eq!(found, expected[..found.len()]);
    }

    fn check_refinement(&self) {
        let (normalized, scorer) = (self.normalized(), self.scorer());
        let score = |model: &ModelRows| scorer.score(model, &normalized, f32::NEG_INFINITY);
        let local = Refinement { loss: Loss::Cauchy(0.5), max_iterations: 25, reach: 4.0 };
        for candidate in &self.candidates {
            let initial = rows(&self.models[candidate.model as usize]);
            let expected = score(&refine_model(&initial, &normalized, &local)).max(score(&initial));
            let found = score(&rows(&candidate.rows));
            assert!((candidate.score - found).abs() < 2e-3 * found + 1.01, "{:?}", self.scene.kind);
            assert!(found > 0.97 * expected, "{:?}: {found} instead of {expected}", self.scene.kind);
        }
        let first = rows(&self.models[self.candidates[0].model as usize]);
        let expected = score(&refine_model(&first, &normalized, &local));
        let found = self.candidates[0].score;
        assert!((found - expected).abs() < 0.005 * expected, "{:?}: {found} instead of {expected}", self.scene.kind);
    }

    fn check_mask(&self) {
        let (normalized, scorer) = (self.normalized(), self.scorer());
        let best = rows(&self.best.rows);
        let expected = mark_inliers(&scorer, &best, &normalized);
        let differing = expected.iter().zip(&self.mask).filter(|&(&a, &b)| a != (b != 0)).count();
        assert!(differing <= 1, "{:?}: {differing} marks differ", self.scene.kind);
        let expected = scorer.score(&best, &normalized, f32::NEG_INFINITY);
        assert!((self.score - expected).abs() < 1e-3 * expected + 1.01);
    }

    fn check(&self) {
        self.check_matches();
        self.check_samples();
        self.check_scores();
        self.check_candidates();
        self.check_refinement();
        self.check_mask();
    }
}

fn check(kind: ModelKind, options: Options) {
    let context = Context::request_blocking(true).unwrap_or_else(|error| panic!("{error}"));
    Checked(run(&context, kind, options, 7)).check();
}

fn options(kind: ModelKind) -> Options {
    let threshold_px = if kind == ModelKind::Rigid { 0.05 } else { 2.0 };
    let plain =
        Options { sampler: Sampler::Uniform, weigh_score: false, weigh_refinement: false, ..Options::default() };
    Options { threshold_px, min_iterations: 128, max_iterations: 128, ..plain }
}

#[test]
fn every_kind_agrees_with_its_twins() {
    for kind in ModelKind::ALL {
        check(kind, options(kind));
    }
}

#[test]
fn weights_and_the_other_gains_agree_with_their_twins() {
    for (kind, score) in [(ModelKind::Essential, Score::Magsacpp), (ModelKind::Pose, Score::Ransac)] {
        let weighted =
            Options { sampler: Sampler::Weights, weigh_score: true, weigh_refinement: true, ..options(kind) };
        check(kind, Options { score, ..weighted });
    }
    let symmetric = Options { residual: EpipolarResidual::Symmetric, ..options(ModelKind::Fundamental) };
    check(ModelKind::Fundamental, symmetric);
}
