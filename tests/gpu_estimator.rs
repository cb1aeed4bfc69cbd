//! The estimator on the GPU, from CPU slices, on any adapter at hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/scenes.rs"]
mod scenes;

use nabla_ransac::gpu::Context;
use nabla_ransac::ransac::GpuEstimator;
use nabla_ransac::{Backend, Error, Estimator, Model, ModelKind, Options, Outcome, Problem, Sampler, Score};
use scenes::Scene;

fn context() -> Context {
    Context::request_blocking(true).unwrap_or_else(|error| panic!("{error}"))
}

fn options(kind: ModelKind) -> Options {
    let threshold_px = if kind == ModelKind::Rigid { 0.05 } else { 2.0 };
    Options { threshold_px, min_iterations: 256, max_iterations: 256, ..Options::default() }
}

fn noise(kind: ModelKind) -> f64 {
    if kind == ModelKind::Rigid { 0.01 } else { 0.5 }
}

/// Of what [`Scene::error`] measures.
fn tolerance(kind: ModelKind) -> f64 {
    match kind {
        ModelKind::Fundamental | ModelKind::Homography => 1.5,
        _ => 0.01,
    }
}

fn check(scene: &Scene, outcome: &Outcome) {
    let estimate = outcome.estimate.as_ref().expect("a model");
    let error = scene.error(&estimate.model);
    assert!(error < tolerance(scene.kind), "{:?}: {error}", scene.kind);
    let wrong = estimate.inliers.iter().zip(&scene.inlier).filter(|(found, truth)| found != truth).count();
    assert!(wrong * 20 <= scene.inlier.len(), "{:?}: {wrong} of {} marked wrong", scene.kind, scene.inlier.len());
    assert!(estimate.score > 0.0 && estimate.score <= estimate.inlier_count() as f64 + 1e-3);
}

#[test]
fn finds_the_model_of_every_kind_in_batches_of_different_sizes() {
    let context = context();
    let scores = [Score::Msac, Score::Ransac, Score::Magsacpp].into_iter().cycle();
    for (kind, score) in ModelKind::ALL.into_iter().zip(scores) {
        let estimator = GpuEstimator::new(context.clone(), Options { score, ..options(kind) }).unwrap();
        let scenes: Vec<Scene> =
            [60, 301, 700].map(|count| Scene::new(kind, count as u64, count, 0.6, noise(kind))).into();
        let problems: Vec<Problem<'_>> = scenes.iter().map(|scene| Problem::new(scene.view())).collect();
        for (scene, outcome) in scenes.iter().zip(estimator.estimate_batch(&problems)) {
            check(scene, &outcome.unwrap());
        }
    }
}

#[test]
fn same_seed_same_answer_whatever_else_is_in_the_batch() {
    let kind = ModelKind::Essential;
    let estimator = GpuEstimator::new(context(), options(kind)).unwrap();
    let scenes: Vec<Scene> = (0..4).map(|seed| Scene::new(kind, seed, 150 + 40 * seed as usize, 0.5, 0.5)).collect();
    let problems: Vec<Problem<'_>> =
        scenes.iter().map(|scene| Problem { seed: 5, ..Problem::new(scene.view()) }).collect();
    let unwrap = |outcomes: Vec<nabla_ransac::Result<Outcome>>| -> Vec<Outcome> {
        outcomes.into_iter().map(Result::unwrap).collect()
    };
    let together = unwrap(estimator.estimate_batch(&problems));
    assert_eq!(together, unwrap(estimator.estimate_batch(&problems)));
    let alone: Vec<Outcome> =
        problems.iter().flat_map(|&problem| unwrap(estimator.estimate_batch(&[problem]))).collect();
    assert_eq!(together, alone);
    let asynchronous = pollster::block_on(estimator.estimate_batch_async(&problems));
    assert_eq!(together, unwrap(asynchronous));
    let other = Problem { seed: 6, ..problems[0] };
    assert_ne!(together[..1], unwrap(estimator.estimate_batch(&[other])));
}

#[test]
fn agrees_with_the_cpu() {
    for kind in ModelKind::ALL {
        let options = options(kind);
        let gpu = GpuEstimator::new(context(), options.clone()).unwrap();
        let cpu = Estimator::new(Options { backend: Backend::Cpu, ..options }).unwrap();
        for seed in 0..5 {
            let scene = Scene::new(kind, seed, 400, 0.6, noise(kind));
            let problem = Problem { seed, ..Problem::new(scene.view()) };
            let [a, b] = [gpu.estimate_batch(&[problem]).remove(0), cpu.estimate(&problem)]
                .map(|o| o.unwrap().estimate.unwrap());
            assert!((a.score - b.score).abs() < 0.01 * b.score, "{kind:?}: {} {}", a.score, b.score);
            let [a, b] = [scene.error(&a.model), scene.error(&b.model)];
            assert!((a - b).abs() < 0.1 * tolerance(kind), "{kind:?}: {a} {b}");
        }
    }
}

#[test]
fn searches_no_longer_than_the_inliers_that_a_model_must_have_are_worth() {
    let kind = ModelKind::Essential;
    let options = Options { min_inliers: 15, min_iterations: 64, max_iterations: 8192, ..options(kind) };
    let gpu = GpuEstimator::new(context(), options.clone()).unwrap();
    let cpu = Estimator::new(Options { backend: Backend::Cpu, ..options }).unwrap();
    let scenes = [30, 300].map(|count| Scene::new(kind, 1, count, 0.0, 0.5));
    let problems = scenes.each_ref().map(|scene| Problem::new(scene.view()));
    for outcomes in [gpu.estimate_batch(&problems), cpu.estimate_batch(&problems)] {
        let [few, many]: [Outcome; 2] =
            outcomes.into_iter().map(Result::unwrap).collect::<Vec<_>>().try_into().unwrap();
        // 433 samples of 30 matches hold one of 15 inliers only, with confidence 0.9999; the GPU ends its round
        assert!(few.estimate.is_none() && (433..=1024).contains(&few.iterations), "{}", few.iterations);
        assert!(many.estimate.is_none() && many.iterations == 8192, "{}", many.iterations);
    }
}

#[test]
fn stops_a_pair_once_confident_and_goes_on_with_the_others() {
    let kind = ModelKind::Homography;
    let options = Options { min_iterations: 64, max_iterations: 2048, ..options(kind) };
    let estimator = GpuEstimator::new(context(), options).unwrap();
    let easy = Scene::new(kind, 1, 200, 0.9, 0.5);
    let hard = Scene::new(kind, 2, 200, 0.25, 0.5);
    let outcomes = estimator.estimate_batch(&[Problem::new(easy.view()), Problem::new(hard.view())]);
    let [easy_outcome, hard_outcome] = outcomes.try_into().unwrap();
    let (easy_outcome, hard_outcome) = (easy_outcome.unwrap(), hard_outcome.unwrap());
    check(&easy, &easy_outcome);
    check(&hard, &hard_outcome);
    assert_eq!(easy_outcome.iterations, 64);
    // (0.25)⁴ and confidence 0.9999: about 2,400 draws from 50 inliers
    assert!(hard_outcome.iterations > 1000, "{}", hard_outcome.iterations);
}

#[test]
fn bad_pairs_leave_the_others_alone() {
    let kind = ModelKind::Essential;
    let estimator = GpuEstimator::new(context(), options(kind)).unwrap();
    let good = Scene::new(kind, 1, 200, 0.7, 0.5);
    let mut broken = Scene::new(kind, 2, 100, 0.7, 0.5);
    broken.image2[37].y = f64::NAN;
    let few = Scene::new(kind, 3, 4, 1.0, 0.5);
    let mut equal = Scene::new(kind, 4, 50, 1.0, 0.5);
    let (first, second) = (equal.image1[0], equal.image2[0]);
    equal.image1.fill(first);
    equal.image2.fill(second);
    let empty = Scene::new(kind, 5, 0, 1.0, 0.5);
    let problems = [&broken, &good, &few, &equal, &empty].map(|scene| Problem::new(scene.view()));
    let outcomes = estimator.estimate_batch(&problems);
    assert!(matches!(outcomes[0], Err(Error::NotFinite { index: 37, .. })), "{:?}", outcomes[0]);
    check(&good, outcomes[1].as_ref().unwrap());
    assert_eq!(*outcomes[1].as_ref().unwrap(), estimator.estimate_batch(&problems[1..2]).remove(0).unwrap());
    assert!(matches!(outcomes[2], Err(Error::TooFewMatches { needed: 5, found: 4, .. })), "{:?}", outcomes[2]);
    assert!(matches!(outcomes[3], Err(Error::DegenerateMatches { .. })), "{:?}", outcomes[3]);
    assert!(matches!(outcomes[4], Err(Error::TooFewMatches { found: 0, .. })), "{:?}", outcomes[4]);
}

#[test]
fn a_batch_larger_than_the_memory_is_split() {
    let kind = ModelKind::Pose;
    let roomy = GpuEstimator::new(context(), options(kind)).unwrap();
    let one_pair = 2_000_000;
    let tight = GpuEstimator::new(roomy.context().clone(), options(kind)).unwrap().with_memory(one_pair);
    let scenes: Vec<Scene> = (0..9).map(|seed| Scene::new(kind, seed, 100, 0.6, 0.5)).collect();
    let problems: Vec<Problem<'_>> = scenes.iter().map(|scene| Problem::new(scene.view())).collect();
    let split: Vec<Outcome> = tight.estimate_batch(&problems).into_iter().map(Result::unwrap).collect();
    let whole: Vec<Outcome> = roomy.estimate_batch(&problems).into_iter().map(Result::unwrap).collect();
    assert_eq!(split, whole);
    let nothing = GpuEstimator::new(roomy.context().clone(), options(kind)).unwrap().with_memory(1000);
    for outcome in nothing.estimate_batch(&problems) {
        assert!(matches!(outcome, Err(Error::OutOfMemory { available: 1000, .. })), "{outcome:?}");
    }
}

#[test]
fn a_lost_device_is_an_error_for_each_problem() {
    let kind = ModelKind::Rigid;
    let estimator = GpuEstimator::new(context(), options(kind)).unwrap();
    let scene = Scene::new(kind, 1, 100, 0.6, 0.01);
    let problems = [Problem::new(scene.view()); 3];
    check(&scene, estimator.estimate_batch(&problems)[0].as_ref().unwrap());
    estimator.context().device().destroy();
    for outcome in estimator.estimate_batch(&problems) {
        assert!(matches!(outcome, Err(Error::Device(_))), "{outcome:?}");
    }
    // the same on a host's device, whose callbacks are not ours
    let host = context();
    let shared = Context::from_device(host.device().clone(), host.queue().clone());
    let estimator = GpuEstimator::new(shared, options(kind)).unwrap();
    host.device().destroy();
    for outcome in estimator.estimate_batch(&problems) {
        assert!(matches!(outcome, Err(Error::Device(_))), "{outcome:?}");
    }
}

#[test]
fn weights_guide_the_sampling() {
    let kind = ModelKind::Homography;
    let scene = Scene::new(kind, 3, 300, 0.08, 0.5);
    let weights: Vec<f32> = scene.inlier.iter().map(|&inlier| if inlier { 1.0 } else { 0.02 }).collect();
    let options = Options {
        sampler: Sampler::Weights,
        weigh_score: true,
        min_iterations: 64,
        max_iterations: 64,
        ..options(kind)
    };
    let estimator = GpuEstimator::new(context(), options).unwrap();
    let problem = Problem { weights: Some(&weights), ..Problem::new(scene.view()) };
    let outcome = estimator.estimate_batch(&[problem]).remove(0).unwrap();
    let estimate = outcome.estimate.unwrap();
    assert!(scene.error(&estimate.model) < 3.0, "{}", scene.error(&estimate.model));
}

#[test]
fn a_plane_is_reported_with_its_second_motion() {
    let estimator = GpuEstimator::new(context(), options(ModelKind::Essential)).unwrap();
    // points of one plane, seen as an essential problem, and points of none
    let planar = Scene { kind: ModelKind::Essential, ..Scene::new(ModelKind::Homography, 1, 200, 0.8, 0.3) };
    let general = Scene::new(ModelKind::Essential, 1, 200, 0.8, 0.3);
    let problems = [&planar, &general].map(|scene| Problem::new(scene.view()));
    let [planar_found, general_found] = estimator.estimate_batch(&problems).try_into().unwrap();
    let (planar_found, general_found) =
        (planar_found.unwrap().estimate.unwrap(), general_found.unwrap().estimate.unwrap());
    assert!(planar_found.diagnosis.planar && !planar_found.diagnosis.rotation_only);
    assert!(planar_found.diagnosis.second_motion.is_some());
    let (homography, count) = planar_found.diagnosis.homography.unwrap();
    assert!(count >= 140);
    let as_homography = Scene { kind: ModelKind::Homography, ..planar };
    assert!(as_homography.error(&Model::Homography(homography)) < 2.0);
    assert!(!general_found.diagnosis.planar && !general_found.diagnosis.rotation_only);
}

#[test]
fn a_dominant_plane_does_not_mislead_the_fundamental_matrix() {
    let options = options(ModelKind::Fundamental);
    let gpu = GpuEstimator::new(context(), options.clone()).unwrap();
    let cpu = Estimator::new(Options { backend: Backend::Cpu, ..options }).unwrap();
    for seed in 0..4 {
        // one motion: the seed draws it first
        let mut scene = Scene::new(ModelKind::Homography, seed, 300, 0.9, 0.3);
        let off_plane = Scene::new(ModelKind::Fundamental, seed, 40, 0.9, 0.3);
        scene.kind = ModelKind::Fundamental;
        scene.image1.extend(&off_plane.image1);
        scene.image2.extend(&off_plane.image2);
        scene.world1.extend(&off_plane.world1);
        let problem = Problem { seed, ..Problem::new(scene.view()) };
        let [found, expected] = [gpu.estimate_batch(&[problem]).remove(0), cpu.estimate(&problem)]
            .map(|outcome| outcome.unwrap().estimate.unwrap());
        assert!(found.score > 0.98 * expected.score, "{seed}: {} {}", found.score, expected.score);
        assert_eq!(found.inliers.len(), 340);
    }
}
