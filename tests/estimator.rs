//! What the estimator promises for every kind of model, on the CPU and on synthetic scenes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/pixels.rs"]
mod pixels;
#[path = "common/scenes.rs"]
mod scenes;

use glam::DVec2;
use nabla_ransac::ransac::{EpipolarResidual, Estimate};
use nabla_ransac::{Backend, Estimator, ModelKind, Options, Outcome, Problem, Sampler, Score};
use pixels::residual_sq;
use scenes::Scene;

const NOISE_PX: f64 = 0.5;

fn estimator(options: Options) -> Estimator {
    Estimator::new(Options { backend: Backend::Cpu, ..options }).unwrap()
}

fn fixed(kind: ModelKind, iterations: u32) -> Options {
    Options {
        threshold_px: threshold(kind),
        min_iterations: iterations,
        max_iterations: iterations,
        ..Options::default()
    }
}

/// Pixels, or the unit of the points.
fn threshold(kind: ModelKind) -> f64 {
    if kind == ModelKind::Rigid { 0.05 } else { 1.5 }
}

fn noise(kind: ModelKind) -> f64 {
    if kind == ModelKind::Rigid { 0.02 } else { NOISE_PX }
}

/// Of what [`Scene::error`] measures: radians and relative lengths, or pixels.
fn tolerance(kind: ModelKind) -> f64 {
    match kind {
        ModelKind::Fundamental | ModelKind::Homography => 1.0,
        _ => 0.005,
    }
}

fn estimate(estimator: &Estimator, problem: &Problem<'_>) -> Estimate {
    estimator.estimate(problem).unwrap().estimate.expect("a model")
}

/// The matches of two scenes.
fn joined(a: &Scene, b: &Scene) -> Scene {
    Scene {
        kind: a.kind,
        image1: [&a.image1[..], &b.image1].concat(),
        image2: [&a.image2[..], &b.image2].concat(),
        world1: [&a.world1[..], &b.world1].concat(),
        world2: [&a.world2[..], &b.world2].concat(),
        inlier: [&a.inlier[..], &b.inlier].concat(),
        cameras: a.cameras,
        pose: a.pose,
        homography: a.homography,
    }
}

#[test]
fn the_truth_is_recovered_with_half_of_the_matches_wrong() {
    for kind in ModelKind::ALL {
        for score in [Score::Ransac, Score::Msac, Score::Magsacpp] {
            for residual in [EpipolarResidual::Sampson, EpipolarResidual::Symmetric] {
                if residual == EpipolarResidual::Symmetric && kind != ModelKind::Fundamental {
                    continue;
                }
                let estimator = estimator(Options { score, residual, ..fixed(kind, 1000) });
                for seed in 0..8 {
                    let scene = Scene::new(kind, seed, 400, 0.5, noise(kind));
                    let found = estimate(&estimator, &Problem { seed, ..Problem::new(scene.view()) });
                    let error = scene.error(&found.model);
                    assert!(error < tolerance(kind), "{kind:?}, {score:?}, seed {seed}: {error}");
                    let missed = found.inliers[..200].iter().filter(|&&inlier| !inlier).count();
                    assert!(missed <= 2, "{kind:?}, {score:?}, seed {seed}: {missed} of 200 missed");
                }
            }
        }
    }
}

/// Two cameras with focal lengths a factor of eight apart: a threshold in pixels is eight times larger in one of them.
fn with_other_intrinsics(scene: Scene, focal: [f64; 2]) -> Scene {
    let mut cameras = scene.cameras;
    for (camera, focal) in cameras.iter_mut().zip(focal) {
        camera.focal_px = DVec2::new(focal, 0.9 * focal);
        camera.principal_point_px = DVec2::new(0.4, 0.6) * focal;
    }
    let moved = |points: &[DVec2], k: usize| -> Vec<DVec2> {
        points.iter().map(|&p| cameras[k].project(scene.cameras[k].normalize(p))).collect()
    };
    let (image1, image2) = (moved(&scene.image1, 0), moved(&scene.image2, 1));
    let homography = cameras[1].matrix()
        * scene.cameras[1].matrix().inverse()
        * scene.homography
        * scene.cameras[0].matrix()
        * cameras[0].matrix().inverse();
    Scene { image1, image2, cameras, homography, ..scene }
}

#[test]
fn mask_and_score_are_those_of_the_model_returned_in_pixels_of_both_cameras() {
    for kind in ModelKind::ALL {
        for (seed, focal) in [(1, [900.0, 1200.0]), (2, [400.0, 3200.0]), (3, [3200.0, 400.0])] {
            let scene = with_other_intrinsics(Scene::new(kind, seed, 300, 0.6, noise(kind)), focal);
            let weights: Vec<f32> = (0..300).map(|index| [1.0, 0.25, 0.5][index % 3]).collect();
            for (score, weigh_score) in [(Score::Ransac, false), (Score::Msac, false), (Score::Msac, true)] {
                let estimator = estimator(Options { score, weigh_score, ..fixed(kind, 200) });
                let problem = Problem { seed, weights: Some(&weights), ..Problem::new(scene.view()) };
                let found = estimate(&estimator, &problem);
                let threshold_sq = threshold(kind).powi(2);
                let mut expected = 0.0;
                for index in 0..300 {
                    let ratio = residual_sq(&scene, &found.model, index) / threshold_sq;
                    assert!(
                        (ratio < 1.0) == found.inliers[index] || (ratio - 1.0).abs() < 1e-6,
                        "{kind:?}, match {index}: {ratio} of the squared threshold"
                    );
                    let weight = if weigh_score { f64::from(weights[index]) } else { 1.0 };
                    let gain = if score == Score::Ransac { 1.0 } else { 1.0 - ratio };
                    expected += if found.inliers[index] { weight * gain } else { 0.0 };
                }
                // the score is in single precision, where a match at the threshold may fall on either side
                let tolerance = if score == Score::Ransac { 1.0 } else { 1e-3 * expected };
                assert!((found.score - expected).abs() <= tolerance, "{kind:?}: {} {expected}", found.score);
            }
        }
    }
}

#[test]
fn the_threshold_of_a_problem_goes_before_that_of_the_options() {
    let scene = Scene::new(ModelKind::Fundamental, 4, 300, 0.7, NOISE_PX);
    let estimator = estimator(fixed(ModelKind::Fundamental, 100));
    let count =
        |threshold_px| estimate(&estimator, &Problem { threshold_px, ..Problem::new(scene.view()) }).inlier_count();
    assert_eq!(count(None), count(Some(1.5)));
    assert!(count(Some(0.1)) < count(None) && count(None) < count(Some(30.0)));
}

#[test]
fn same_seed_same_outcome_alone_in_a_batch_and_on_any_number_of_threads() {
    let scenes: Vec<Scene> = (ModelKind::ALL.into_iter().cycle().zip(0..12))
        .map(|(kind, seed)| Scene::new(kind, seed, 60 + 10 * seed as usize, 0.6, noise(kind)))
        .collect();
    let problem = |(scene, seed)| -> Problem<'_> {
        let scene: &Scene = scene;
        Problem { seed, threshold_px: Some(threshold(scene.kind)), ..Problem::new(scene.view()) }
    };
    let problems: Vec<Problem<'_>> = scenes.iter().zip(0..).map(problem).collect();
    let batch = |threads| -> Vec<Outcome> {
        let estimator = estimator(Options { threads, ..fixed(ModelKind::Essential, 100) });
        estimator.estimate_batch(&problems).into_iter().map(Result::unwrap).collect()
    };
    let together = batch(1);
    assert_eq!(together, batch(3));
    assert_eq!(together, batch(0));
    let estimator = estimator(fixed(ModelKind::Essential, 100));
    let alone: Vec<Outcome> = problems.iter().map(|problem| estimator.estimate(problem).unwrap()).collect();
    assert_eq!(together, alone);
    let asynchronous = pollster::block_on(estimator.estimate_batch_async(&problems));
    assert_eq!(together, asynchronous.into_iter().map(Result::unwrap).collect::<Vec<_>>());
    // one round of one hypothesis tells seeds apart
    let few = self::estimator(fixed(ModelKind::Essential, 1));
    let models = |seed| few.estimate(&Problem { seed, ..problems[10] }).unwrap();
    assert!((20..40).any(|seed| models(seed) != models(99)));
    assert!(estimator.estimate_batch(&[]).is_empty());
}

#[test]
fn a_fixed_budget_draws_exactly_that_many() {
    let scene = Scene::new(ModelKind::Homography, 1, 100, 1.0, NOISE_PX);
    for iterations in [1, 31, 32, 33, 500] {
        let outcome = estimator(fixed(ModelKind::Homography, iterations)).estimate(&Problem::new(scene.view()));
        assert_eq!(outcome.unwrap().iterations, iterations);
    }
}

#[test]
fn confidence_stops_early_on_easy_matches_only() {
    for kind in ModelKind::ALL {
        let options =
            |confidence, min_iterations| Options { confidence, min_iterations, max_iterations: 3000, ..fixed(kind, 1) };
        let iterations = |inliers: f64, options| {
            let scene = Scene::new(kind, 5, 300, inliers, 0.4 * noise(kind));
            estimator(options).estimate(&Problem::new(scene.view())).unwrap().iterations
        };
        assert!(iterations(0.95, options(0.9999, 1)) <= 64, "{kind:?}");
        assert!(iterations(0.95, options(0.9999, 700)) >= 700, "{kind:?}");
        let (unsure, sure) = (iterations(0.5, options(0.5, 1)), iterations(0.5, options(0.999_999, 1)));
        assert!(unsure < sure && sure < 3000, "{kind:?}: {unsure} {sure}");
    }
}

#[test]
fn matches_of_weight_zero_are_scored_but_never_sampled() {
    for kind in ModelKind::ALL {
        // Two motions; the one that explains more has no weight.
        let larger = Scene::new(kind, 11, 180, 1.0, noise(kind));
        let smaller = Scene::new(kind, 12, 120, 1.0, noise(kind));
        let scene = joined(&larger, &smaller);
        let weights: Vec<f32> = (0..300).map(|index| if (180..280).contains(&index) { 2.0 } else { 0.0 }).collect();
        let ratios: Vec<f32> = weights.iter().map(|&weight| if weight > 0.0 { 0.5 } else { 0.9 }).collect();
        let by_weight = Problem { weights: Some(&weights), ..Problem::new(scene.view()) };
        let by_ratio = Problem { ratios: Some(&ratios), ..Problem::new(scene.view()) };
        let below = Options { sample_ratio_below: 0.8, ..fixed(kind, 100) };
        let cases = [
            (by_weight, Options { sampler: Sampler::Weights, ..fixed(kind, 100) }),
            (by_weight, fixed(kind, 100)),
            (by_ratio, Options { sampler: Sampler::Ratio, ..below.clone() }),
            (by_ratio, Options { sampler: Sampler::Uniform, ..below }),
        ];
        for (problem, options) in cases {
            let sampler = options.sampler;
            let found = estimate(&estimator(options), &problem);
            let error = smaller.error(&found.model);
            assert!(error < 2.0 * tolerance(kind), "{kind:?}, {sampler:?}: {error}");
            // those that were not sampled are in the mask all the same
            let count = found.inliers[280..].iter().filter(|&&inlier| inlier).count();
            assert!(count >= 19, "{kind:?}, {sampler:?}: {count}");
        }
        let found = estimate(&estimator(fixed(kind, 100)), &Problem::new(scene.view()));
        assert!(larger.error(&found.model) < 2.0 * tolerance(kind), "{kind:?}");
    }
}

#[test]
fn weights_and_ratios_find_in_a_few_draws_what_chance_does_not() {
    for kind in ModelKind::ALL {
        let (mut guided, mut blind) = (0, 0);
        for seed in 0..10 {
            let scene = Scene::new(kind, seed, 400, 0.1, 0.4 * noise(kind));
            let weights: Vec<f32> = scene.inlier.iter().map(|&inlier| if inlier { 1.0 } else { 0.02 }).collect();
            let ratios: Vec<f32> = (0..400)
                .map(|index| if scene.inlier[index] { 0.4 } else { 0.75 } + (index % 37) as f32 * 0.006)
                .collect();
            let problem =
                Problem { seed, weights: Some(&weights), ratios: Some(&ratios), ..Problem::new(scene.view()) };
            let finds = |sampler| {
                let outcome = estimator(Options { sampler, ..fixed(kind, 48) }).estimate(&problem).unwrap();
                outcome.estimate.is_some_and(|found| scene.error(&found.model) < 4.0 * tolerance(kind))
            };
            guided += usize::from(finds(Sampler::Weights)) + usize::from(finds(Sampler::Ratio));
            blind += usize::from(finds(Sampler::Uniform));
        }
        assert!(guided >= 18 && blind <= 3, "{kind:?}: {guided} of 20 guided, {blind} of 10 blind");
    }
}

/// Outliers and some inliers of weight zero, so that `used` inliers are left.
fn weights_of(scene: &Scene, used: usize) -> Vec<f32> {
    let mut left = used;
    let weight = |&inlier: &bool| {
        let taken = inlier && left > 0;
        left -= usize::from(taken);
        f32::from(u8::from(taken))
    };
    scene.inlier.iter().map(weight).collect()
}

#[test]
fn use_all_fits_the_matches_of_weight_and_ignores_the_others() {
    for kind in ModelKind::ALL {
        let estimator = estimator(Options { use_all: true, ..fixed(kind, 100) });
        for seed in 0..10 {
            let scene = Scene::new(kind, seed, 200, 0.5, 0.2 * noise(kind));
            let weights = weights_of(&scene, 100);
            let outcome =
                estimator.estimate(&Problem { weights: Some(&weights), ..Problem::new(scene.view()) }).unwrap();
            assert_eq!(outcome.iterations, 0);
            let error = scene.error(&outcome.estimate.unwrap().model);
            assert!(error < tolerance(kind), "{kind:?}, seed {seed}: {error}");
        }
    }
}

#[test]
fn use_all_fits_as_few_matches_as_a_sample_has_and_a_few_more() {
    for kind in ModelKind::ALL {
        let estimator = estimator(Options { use_all: true, ..fixed(kind, 100) });
        for used in kind.sample_size()..kind.sample_size() + 5 {
            for seed in 0..10 {
                let scene = Scene::new(kind, seed, 40, 0.5, 1e-9);
                let weights = weights_of(&scene, used);
                let problem = Problem { weights: Some(&weights), ..Problem::new(scene.view()) };
                let found = estimate(&estimator, &problem);
                for index in 0..used {
                    let residual = residual_sq(&scene, &found.model, index).sqrt();
                    assert!(residual < 1e-3, "{kind:?}, {used} matches, seed {seed}: {residual}");
                }
            }
        }
    }
}

/// Of a pose the threshold tells right from wrong; how much each right match counts goes by the noise.
#[test]
fn poses_hardly_depend_on_the_threshold() {
    let mean_error = |threshold_px: f64| {
        let estimator = estimator(Options { threshold_px, ..fixed(ModelKind::Pose, 200) });
        let error = |seed: u64| {
            let scene = Scene::new(ModelKind::Pose, seed, 400, 0.6, NOISE_PX);
            scene.error(&estimate(&estimator, &Problem { seed, ..Problem::new(scene.view()) }).model)
        };
        (0..40).map(error).sum::<f64>() / 40.0
    };
    let [narrow, wide] = [1.5, 12.0].map(mean_error);
    assert!(wide < 1.15 * narrow, "{wide} at 12 px, {narrow} at 1.5 px");
}
