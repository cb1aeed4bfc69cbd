//! Where the estimator finds little or nothing: degenerate scenes, bad input, no model.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/scenes.rs"]
mod scenes;

use glam::{DVec2, DVec3};
use nabla_ransac::ransac::Estimate;
use nabla_ransac::{
    Backend, Camera, Error, Estimator, MatchesView, Model, ModelKind, Options, Problem, Result, Sampler,
};
use scenes::Scene;

fn estimator(options: Options) -> Estimator {
    Estimator::new(Options { backend: Backend::Cpu, ..options }).unwrap()
}

fn two_pixels() -> Options {
    Options { threshold_px: 1.0, min_iterations: 300, max_iterations: 300, ..Options::default() }
}

fn estimate(problem: &Problem<'_>) -> Estimate {
    estimator(two_pixels()).estimate(problem).unwrap().estimate.expect("a model")
}

#[test]
fn a_planar_scene_is_flagged_and_one_of_its_two_motions_is_the_true_one() {
    for seed in 0..10 {
        let homography = Scene::new(ModelKind::Homography, seed, 200, 0.8, 0.3);
        let scene = Scene { kind: ModelKind::Essential, ..homography };
        let found = estimate(&Problem { seed, ..Problem::new(scene.view()) });
        let diagnosis = &found.diagnosis;
        assert!(diagnosis.planar && !diagnosis.rotation_only, "seed {seed}");
        let (h, count) = diagnosis.homography.unwrap();
        assert!((150..=found.inlier_count()).contains(&count), "seed {seed}: {count}");
        assert!(scene.error(&Model::Homography(h)) < 1.0, "seed {seed}");
        let second = diagnosis.second_motion.map(|(motion, _)| scene.error(&Model::Essential(motion)));
        let error = scene.error(&found.model).min(second.unwrap_or(f64::INFINITY));
        assert!(error < 0.02, "seed {seed}: {error}");
    }
}

#[test]
fn a_general_scene_is_not_flagged() {
    for kind in [ModelKind::Essential, ModelKind::Fundamental] {
        for seed in 0..10 {
            let scene = Scene::new(kind, seed, 200, 0.8, 0.3);
            let diagnosis = estimate(&Problem { seed, ..Problem::new(scene.view()) }).diagnosis;
            assert!(!diagnosis.planar && !diagnosis.rotation_only, "{kind:?}, seed {seed}");
        }
    }
}

#[test]
fn a_camera_that_only_turns_is_flagged() {
    for seed in 0..10 {
        let mut scene = Scene::new(ModelKind::Essential, seed, 200, 0.8, 0.3);
        for index in 0..160 {
            let turned = scene.pose.rotation * scene.cameras[0].normalize(scene.image1[index]).extend(1.0);
            let noise = DVec2::new((index as f64).sin(), (index as f64 * 1.7).cos()) * 0.3;
            scene.image2[index] = scene.cameras[1].project(turned.truncate() / turned.z) + noise;
        }
        let found = estimate(&Problem { seed, ..Problem::new(scene.view()) });
        assert!(found.diagnosis.rotation_only && found.diagnosis.planar, "seed {seed}");
        let Model::Essential(motion) = found.model else { panic!("{:?}", found.model) };
        let off = motion.rotation.transpose() * scene.pose.rotation;
        assert!(0.5 * (off.diagonal().element_sum() - 1.0) > 0.9999, "seed {seed}: the rotation is wrong");
    }
}

#[test]
fn nothing_is_diagnosed_when_not_asked_for() {
    let scene = Scene { kind: ModelKind::Essential, ..Scene::new(ModelKind::Homography, 1, 100, 0.8, 0.3) };
    let quiet = estimator(Options { diagnose: false, ..two_pixels() });
    let found = quiet.estimate(&Problem::new(scene.view())).unwrap().estimate.unwrap();
    assert_eq!(found.diagnosis, Default::default());
}

#[test]
fn a_plane_with_nine_tenths_of_the_inliers_does_not_mislead_the_fundamental_matrix() {
    let mut right = 0;
    for seed in 0..10 {
        // one motion: the seed draws it first
        let mut scene = Scene::new(ModelKind::Homography, seed, 270, 1.0, 0.3);
        let off_plane =
            Scene { kind: ModelKind::Fundamental, ..Scene::new(ModelKind::Fundamental, seed, 130, 0.23, 0.3) };
        scene.kind = ModelKind::Fundamental;
        scene.image1.extend(&off_plane.image1);
        scene.image2.extend(&off_plane.image2);
        let found = estimate(&Problem { seed, ..Problem::new(scene.view()) });
        assert!(found.diagnosis.planar, "seed {seed}");
        // of the 30 inliers off the plane
        let kept = found.inliers[270..300].iter().filter(|&&inlier| inlier).count();
        right += usize::from(kept >= 27 && off_plane.error(&found.model) < 6.0);
    }
    assert!(right >= 9, "{right} of 10");
}

/// Matches without a model in common; a fault goes into the first side.
struct Points {
    image: Vec<DVec2>,
    image2: Vec<DVec2>,
    world: Vec<DVec3>,
    world2: Vec<DVec3>,
}

fn points(count: usize) -> Points {
    let wave = |i: usize, k: f64| (i as f64 * k).sin();
    let at = |k: f64| (0..count).map(|i| DVec2::new(wave(i, k), wave(i, 1.7 * k)) * 300.0).collect();
    Points {
        image: at(1.3),
        image2: at(2.1),
        world: (0..count).map(|i| DVec3::new(wave(i, 1.1), wave(i, 2.3), wave(i, 3.7))).collect(),
        world2: (0..count).map(|i| DVec3::new(wave(i, 1.9), wave(i, 0.3), wave(i, 2.7))).collect(),
    }
}

const CAMERA: Camera =
    Camera { focal_px: DVec2::splat(500.0), principal_point_px: DVec2::new(320.0, 240.0), skew_px: 0.0 };

fn view(kind: ModelKind, points: &Points) -> MatchesView<'_> {
    let (points1_px, points2_px) = (&points.image[..], &points.image2[..]);
    match kind {
        ModelKind::Essential => MatchesView::Essential { points1_px, points2_px, camera1: CAMERA, camera2: CAMERA },
        ModelKind::Fundamental => MatchesView::Fundamental { points1_px, points2_px },
        ModelKind::Homography => MatchesView::Homography { points1_px, points2_px },
        ModelKind::Pose => MatchesView::Pose { points_px: points1_px, points_world: &points.world, camera: CAMERA },
        ModelKind::Rigid => MatchesView::Rigid { points1: &points.world, points2: &points.world2 },
    }
}

#[test]
fn each_fault_has_its_error_and_the_other_pairs_keep_their_results() {
    for kind in ModelKind::ALL {
        let good = points(30);
        let few = points(kind.sample_size() - 1);
        let none = points(0);
        let changed = |change: fn(&mut Points)| {
            let mut bad = points(30);
            change(&mut bad);
            bad
        };
        let short = changed(|bad| {
            bad.image.truncate(29);
            bad.world.truncate(28);
        });
        let nan = changed(|bad| (bad.image[17].x, bad.world[17].z) = (f64::NAN, f64::NEG_INFINITY));
        let equal = changed(|bad| {
            bad.image.fill(DVec2::new(5.0, 6.0));
            bad.world.fill(DVec3::new(5.0, 6.0, 7.0));
        });
        let line = changed(|bad| {
            for index in 0..30 {
                bad.image[index] = DVec2::new(3.0, 2.0) * index as f64;
                bad.world[index] = DVec3::new(1.0, 2.0, 3.0) * index as f64;
            }
        });
        let [short_array, negative, zero] = [vec![0.5_f32; 29], vec![-1.0; 30], vec![0.0; 30]];
        let [not_finite, not_a_number] = [vec![f32::INFINITY; 30], vec![f32::NAN; 30]];
        let fine = Problem::new(view(kind, &good));
        let problems = [
            fine,
            Problem::new(view(kind, &few)),
            Problem::new(view(kind, &none)),
            Problem::new(view(kind, &short)),
            Problem::new(view(kind, &nan)),
            Problem::new(view(kind, &equal)),
            Problem::new(view(kind, &line)),
            Problem { weights: Some(&short_array), ..fine },
            Problem { weights: Some(&negative), ..fine },
            Problem { weights: Some(&zero), ..fine },
            Problem { weights: Some(&not_finite), ..fine },
            Problem { ratios: Some(&short_array), ..fine },
            Problem { ratios: Some(&not_a_number), ..fine },
            Problem { threshold_px: Some(0.0), ..fine },
            Problem { threshold_px: Some(f64::NAN), ..fine },
            fine,
        ];
        let outcomes = estimator(two_pixels()).estimate_batch(&problems);
        let what: Vec<&str> = outcomes.iter().map(name).collect();
        let expected = [
            "ok",
            "few",
            "few",
            "length",
            "not finite",
            "degenerate",
            "degenerate",
            "length",
            "weights",
            "weights",
            "not finite",
            "length",
            "not finite",
            "option",
            "option",
            "ok",
        ];
        for (index, (found, expected)) in what.iter().zip(expected).enumerate() {
            assert_eq!(*found, expected, "{kind:?}, problem {index}: {:?}", outcomes[index]);
        }
        let alone = estimator(two_pixels()).estimate(&fine).unwrap();
        assert_eq!([outcomes[0].as_ref().unwrap(), outcomes[15].as_ref().unwrap()], [&alone; 2]);
    }
}

#[test]
fn cameras_that_cannot_be_inverted_are_refused() {
    let points = points(30);
    let bad = [
        Camera { focal_px: DVec2::new(0.0, 500.0), ..CAMERA },
        Camera { focal_px: DVec2::new(500.0, -500.0), ..CAMERA },
        Camera { focal_px: DVec2::new(f64::INFINITY, 500.0), ..CAMERA },
        Camera { principal_point_px: DVec2::new(0.0, f64::NAN), ..CAMERA },
        Camera { skew_px: f64::NAN, ..CAMERA },
    ];
    let estimator = estimator(two_pixels());
    let (points1_px, points2_px) = (&points.image[..], &points.image2[..]);
    for camera in bad {
        let first = MatchesView::Essential { points1_px, points2_px, camera1: camera, camera2: CAMERA };
        let second = MatchesView::Essential { points1_px, points2_px, camera1: CAMERA, camera2: camera };
        let pose = MatchesView::Pose { points_px: points1_px, points_world: &points.world, camera };
        for view in [first, second, pose] {
            assert_eq!(name(&estimator.estimate(&Problem::new(view))), "camera", "{view:?}");
        }
    }
}

#[test]
fn samplers_say_what_they_miss() {
    let points = points(30);
    let (weights, ratios) = ([1.0; 30], [0.9; 30]);
    let plain = Problem::new(view(ModelKind::Homography, &points));
    let run = |sampler, sample_ratio_below, problem: Problem<'_>| {
        name(&estimator(Options { sampler, sample_ratio_below, ..two_pixels() }).estimate(&problem))
    };
    assert_eq!(run(Sampler::Weights, 1.0, Problem { ratios: Some(&ratios), ..plain }), "missing");
    assert_eq!(run(Sampler::Ratio, 1.0, Problem { weights: Some(&weights), ..plain }), "missing");
    assert_eq!(run(Sampler::Auto, 1.0, plain), "ok");
    // too few are left to sample from
    assert_eq!(run(Sampler::Auto, 0.8, Problem { ratios: Some(&ratios), ..plain }), "few");
}

#[test]
fn options_out_of_range_are_refused_by_name() {
    let default = Options::default;
    let bad = [
        ("threshold_px", Options { threshold_px: 0.0, ..default() }),
        ("threshold_px", Options { threshold_px: f64::NAN, ..default() }),
        ("threshold_px", Options { threshold_px: f64::INFINITY, ..default() }),
        ("threshold_px", Options { threshold_px: 1e-320, ..default() }),
        ("confidence", Options { confidence: 1.0, ..default() }),
        ("confidence", Options { confidence: -0.1, ..default() }),
        ("confidence", Options { confidence: f64::NAN, ..default() }),
        ("max_iterations", Options { min_iterations: 0, max_iterations: 0, ..default() }),
        ("min_iterations", Options { min_iterations: 20_000, ..default() }),
        ("sample_ratio_below", Options { sample_ratio_below: 0.0, ..default() }),
        ("sample_ratio_below", Options { sample_ratio_below: f64::NAN, ..default() }),
    ];
    for (option, options) in bad {
        match Estimator::new(Options { backend: Backend::Cpu, ..options }) {
            Err(Error::BadOption { name, .. }) => assert_eq!(name, option),
            other => panic!("{option}: {other:?}"),
        }
    }
}

#[test]
fn no_model_found_is_an_outcome() {
    // No camera can see these three points in these directions.
    let image = [DVec2::new(152.297, 348.307), DVec2::new(41.938, 8.428), DVec2::new(637.213, 300.969)];
    let world = [DVec3::new(-0.260, 0.208, 0.251), DVec3::new(0.675, -0.481, -0.531), DVec3::new(0.673, -0.047, 0.278)];
    let problem = Problem::new(MatchesView::Pose { points_px: &image, points_world: &world, camera: CAMERA });
    let outcome = estimator(two_pixels()).estimate(&problem).unwrap();
    assert_eq!((outcome.estimate, outcome.iterations), (None, 300));
}

fn name<T>(result: &Result<T>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(Error::TooFewMatches { .. }) => "few",
        Err(Error::LengthMismatch { .. }) => "length",
        Err(Error::NotFinite { .. }) => "not finite",
        Err(Error::DegenerateMatches { .. }) => "degenerate",
        Err(Error::BadWeights { .. }) => "weights",
        Err(Error::BadOption { .. }) => "option",
        Err(Error::MissingInput { .. }) => "missing",
        Err(Error::SingularCamera { .. }) => "camera",
        Err(_) => "another",
    }
}
