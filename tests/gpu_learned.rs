//! The network in front of the estimator on the GPU: one submission from the matches to the model.
#![cfg(feature = "data")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/ranked.rs"]
mod ranked;

use nabla_ransac::data::{PairRecord, SyntheticOptions, SyntheticPairs};
use nabla_ransac::geometry::Matches;
use nabla_ransac::geometry::accuracy::pose_error_deg;
use nabla_ransac::kernels::HostBuffers;
use nabla_ransac::network::{GpuRanker, LearnedEstimator, NetworkConfig, RankInput, Ranker, Weights, guided};
use nabla_ransac::{Backend, Error, Estimator, MatchesView, Model, ModelKind, Options, Outcome, Problem};

/// Every third without key points.
fn records(count: u64) -> Vec<PairRecord> {
    let options = SyntheticOptions { matches: [60, 400], right_share: [0.4, 0.8], learned_share: 0.3 };
    let pairs = SyntheticPairs::new(options, 3).unwrap();
    (0..count).map(|index| pairs.pair(index)).collect()
}

fn problems(records: &[PairRecord], kind: ModelKind) -> Vec<Problem<'_>> {
    (0..).zip(records).map(|(seed, record)| record.problem(kind, seed).unwrap()).collect()
}

fn options(backend: Backend) -> Options {
    Options { backend, max_iterations: 256, ..Options::default() }
}

#[test]
fn one_submission_gives_what_the_ranking_and_the_estimator_give_in_two() {
    let records = records(12);
    for kind in [ModelKind::Essential, ModelKind::Fundamental] {
        let problems = problems(&records, kind);
        let learned = LearnedEstimator::new(options(Backend::Gpu), kind).unwrap();
        assert!(learned.is_learned());
        let found = learned.estimate_batch(&problems);

        let context = learned.estimator().context().unwrap();
        let weights = Weights::shipped(kind).unwrap();
        let counts: Vec<usize> = problems.iter().map(|problem| problem.matches.lengths()[0]).collect();
        let capacity = [problems.len() as u32, counts.iter().sum::<usize>() as u32];
        let mut ranker = GpuRanker::new_blocking(context.clone(), &weights, capacity, HostBuffers::default()).unwrap();
        ranker.logits_blocking(&problems.iter().map(RankInput::of).collect::<Vec<_>>()).unwrap();
        let probabilities = ranker.probabilities().read_blocking(context).unwrap();
        let mut rest = probabilities.as_slice();
        let weighed: Vec<Problem<'_>> = problems
            .iter()
            .zip(counts)
            .map(|(problem, count)| {
                let (weights, after) = rest.split_at(count);
                rest = after;
                Problem { weights: Some(weights), ..*problem }
            })
            .collect();
        let estimator = Estimator::new(guided(options(Backend::Gpu), kind)).unwrap();
        for ((found, expected), problem) in found.iter().zip(estimator.estimate_batch(&weighed)).zip(&problems) {
            assert_eq!(found.as_ref().unwrap(), &expected.unwrap());
            assert_eq!(found.as_ref().unwrap(), &learned.estimate(problem).unwrap());
        }
        for backend in [Backend::Gpu, Backend::Cpu] {
            let learned = LearnedEstimator::new(options(backend), kind).unwrap();
            let waited_for = pollster::block_on(learned.estimate_batch_async(&problems));
            for (a, b) in waited_for.iter().zip(learned.estimate_batch(&problems)) {
                assert_eq!(a.as_ref().unwrap(), &b.unwrap());
            }
        }
    }
}

fn motion(outcome: &Outcome) -> nabla_ransac::Pose {
    let Some(Model::Essential(motion)) = outcome.estimate.as_ref().map(|estimate| estimate.model) else {
        panic!("a motion")
    };
    motion
}

#[test]
fn both_backends_rank_alike() {
    let records = records(20);
    let problems = problems(&records, ModelKind::Essential);
    let of = |backend| LearnedEstimator::new(options(backend), ModelKind::Essential).unwrap().estimate_batch(&problems);
    let differing = of(Backend::Gpu).into_iter().zip(of(Backend::Cpu)).filter(|(gpu, cpu)| {
        let [gpu, cpu] = [gpu, cpu].map(|outcome| motion(outcome.as_ref().unwrap()));
        pose_error_deg(&gpu, &cpu) > 0.1
    });
    assert!(differing.count() <= 1);
}

#[test]
fn each_pair_has_an_answer_of_its_own() {
    let records = records(5);
    let kind = ModelKind::Fundamental;
    let mut problems = problems(&records, kind);
    let learned = LearnedEstimator::new(options(Backend::Gpu), kind).unwrap();
    let Matches::TwoView { points1_px, points2_px, .. } = &records[1].matches else { panic!("two views") };
    problems[1].matches = MatchesView::Homography { points1_px, points2_px };
    let count = problems[2].matches.lengths()[0];
    let mut ratios = vec![0.5; count];
    ratios[7] = f32::NAN;
    problems[2].ratios = Some(&ratios);
    let Matches::TwoView { points1_px, points2_px, .. } = &records[3].matches else { panic!("two views") };
    problems[3].matches = MatchesView::Fundamental { points1_px: &points1_px[..5], points2_px: &points2_px[..5] };
    let weights = vec![0.5; problems[4].matches.lengths()[0]];
    problems[4].weights = Some(&weights);
    let found = learned.estimate_batch(&problems);
    assert!(found[0].as_ref().unwrap().estimate.is_some());
    assert!(matches!(found[1], Err(Error::MissingInput { .. })), "{:?}", found[1]);
    assert!(matches!(found[2], Err(Error::NotFinite { what: "SNN ratio", index: 7, .. })), "{:?}", found[2]);
    assert!(matches!(found[3], Err(Error::TooFewMatches { needed: 7, found: 5, .. })), "{:?}", found[3]);
    // weights of its own are taken as they are
    let expected = learned.estimator().estimate(&problems[4]).unwrap();
    assert_eq!(found[4].as_ref().unwrap(), &expected);
    assert!(learned.estimate_batch(&[]).is_empty());
}

#[test]
fn a_network_that_overflows_is_an_error_of_each_pair() {
    let mut tensors = ranked::random_weights(NetworkConfig::default(), 3).tensors().clone();
    tensors.values_mut().flat_map(|tensor| &mut tensor.values).for_each(|value| *value *= 1e30);
    let weights = Weights::new(NetworkConfig::default(), serde_json::Value::Null, tensors).unwrap();
    let estimator = Estimator::new(guided(options(Backend::Gpu), ModelKind::Essential)).unwrap();
    let learned = LearnedEstimator::with_ranker(estimator, Some(Ranker::new(weights))).unwrap();
    let records = records(2);
    for outcome in learned.estimate_batch(&problems(&records, ModelKind::Essential)) {
        let error = outcome.unwrap_err().to_string();
        assert!(error.contains("a logit of the network"), "{error}");
    }
}
