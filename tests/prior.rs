//! What a caller expects, as a candidate: the same on every backend, a gain where it is right, and no harm where it is not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/scenes.rs"]
mod scenes;

use glam::{DMat3, DVec3};
use nabla_ransac::cpu::search::{normalize_matches::NormalizedMatches, place_prior::place_prior, score_models::Scorer};
use nabla_ransac::gpu::Context;
use nabla_ransac::kernels::layout::{PairResult, Progress};
use nabla_ransac::kernels::{self, HostBuffers, Priors, Variant, Workgroups};
use nabla_ransac::ransac::{EpipolarResidual, GpuEstimator, GpuPipeline};
use nabla_ransac::{Backend, Error, Estimator, Model, ModelKind, Options, Outcome, Pose, Problem, Score};
use scenes::Scene;
use std::sync::LazyLock;

/// One for all tests: its shaders are compiled once.
fn context() -> Context {
    static CONTEXT: LazyLock<Context> =
        LazyLock::new(|| Context::request_blocking(true).unwrap_or_else(|error| panic!("{error}")));
    CONTEXT.clone()
}

fn options(kind: ModelKind, iterations: u32) -> Options {
    let threshold_px = if kind == ModelKind::Rigid { 0.05 } else { 2.0 };
    Options { threshold_px, min_iterations: iterations, max_iterations: iterations, ..Options::default() }
}

fn scene(kind: ModelKind, seed: u64, inliers: f64) -> Scene {
    Scene::new(kind, seed, 400, inliers, if kind == ModelKind::Rigid { 0.01 } else { 0.5 })
}

fn tolerance(kind: ModelKind) -> f64 {
    match kind {
        ModelKind::Fundamental | ModelKind::Homography => 3.0,
        _ => 0.02,
    }
}

/// The truth of a scene after a turn by some degrees: where it was a frame ago.
fn moved(scene: &Scene, degrees: f64) -> Model {
    let turn = DMat3::from_rotation_y(degrees.to_radians());
    let pose = Pose { rotation: turn * scene.pose.rotation, translation: turn * scene.pose.translation };
    let [k1, k2] = scene.cameras.map(|camera| camera.matrix());
    match scene.kind {
        ModelKind::Essential => Model::Essential(pose),
        ModelKind::Fundamental => Model::Fundamental(k2.inverse().transpose() * pose.essential() * k1.inverse()),
        ModelKind::Homography => Model::Homography(k2 * turn * k2.inverse() * scene.homography),
        ModelKind::Pose => Model::Pose(pose),
        ModelKind::Rigid => Model::Rigid(pose),
    }
}

/// Of the kind, and far from everything.
fn wild(kind: ModelKind) -> Model {
    let pose = Pose { rotation: DMat3::from_rotation_x(2.5), translation: DVec3::new(30.0, -70.0, 10.0) };
    let matrix = DMat3::from_cols_array(&[2.0, -9.0, 0.004, 7.0, 3.0, -0.01, -500.0, 900.0, 8.0]);
    match kind {
        ModelKind::Essential => Model::Essential(pose),
        ModelKind::Fundamental => Model::Fundamental(matrix),
        ModelKind::Homography => Model::Homography(matrix),
        ModelKind::Pose => Model::Pose(pose),
        ModelKind::Rigid => Model::Rigid(pose),
    }
}

/// What the CPU and the GPU make of a problem.
fn both(context: &Context, options: &Options, problem: &Problem<'_>) -> [Outcome; 2] {
    let cpu = Estimator::new(Options { backend: Backend::Cpu, ..options.clone() }).unwrap();
    let gpu = GpuEstimator::new(context.clone(), options.clone()).unwrap();
    [cpu.estimate(problem).unwrap(), gpu.estimate_batch(&[*problem]).remove(0).unwrap()]
}

#[test]
fn a_right_prior_finds_what_few_samples_miss() {
    let context = context();
    for kind in ModelKind::ALL {
        let (scene, options) = (scene(kind, 3, 0.12), options(kind, 8));
        let plain = Problem::new(scene.view());
        let found = |outcome: &Outcome| {
            outcome.estimate.as_ref().is_some_and(|estimate| scene.error(&estimate.model) < tolerance(kind))
        };
        assert_eq!(both(&context, &options, &plain).each_ref().map(found), [false; 2], "{kind:?}");
        // image points move by 10 px
        let with = both(&context, &options, &Problem { prior: Some(moved(&scene, 0.5)), ..plain });
        assert_eq!(with.each_ref().map(found), [true; 2], "{kind:?}");
        let [cpu, gpu] = with.map(|outcome| outcome.estimate.unwrap().score);
        assert!((cpu - gpu).abs() < 0.01 * cpu, "{kind:?}: {cpu} {gpu}");
    }
}

#[test]
fn a_right_prior_ends_the_search_early() {
    let context = context();
    for kind in ModelKind::ALL {
        let scene = scene(kind, 4, 0.5);
        let options = Options { min_iterations: 32, max_iterations: 8192, ..options(kind, 0) };
        let problem = Problem { prior: Some(moved(&scene, 0.0)), ..Problem::new(scene.view()) };
        for outcome in both(&context, &options, &problem) {
            // as many as a sample of half of the matches needs, not one round more
            let needed = (1e-4_f64).ln() / (1.0 - 0.5_f64.powi(kind.sample_size() as i32)).ln();
            assert!(f64::from(outcome.iterations) <= 2.0 * needed.max(32.0), "{kind:?}: {}", outcome.iterations);
        }
    }
}

#[test]
fn a_wrong_prior_changes_nothing() {
    let context = context();
    for kind in ModelKind::ALL {
        for (inliers, iterations) in [(0.6, 128), (0.3, 512)] {
            let (scene, options) = (scene(kind, 5, inliers), options(kind, iterations));
            let plain = Problem::new(scene.view());
            let without = both(&context, &options, &plain);
            let with = both(&context, &options, &Problem { prior: Some(wild(kind)), ..plain });
            assert_eq!(with, without, "{kind:?}");
        }
    }
}

#[test]
fn problems_with_and_without_priors_share_a_batch() {
    let kind = ModelKind::Homography;
    let estimator = GpuEstimator::new(context(), options(kind, 64)).unwrap();
    let scenes = [0, 1, 2].map(|seed| scene(kind, seed, 0.5));
    let problems = scenes.each_ref().map(|scene| Problem::new(scene.view()));
    let alone = estimator.estimate_batch(&problems).into_iter().map(Result::unwrap).collect::<Vec<_>>();
    let mut mixed = problems;
    mixed[0].prior = Some(wild(kind));
    mixed[1].prior = Some(Model::Rigid(Pose::IDENTITY));
    let [with, refused, without] = estimator.estimate_batch(&mixed).try_into().unwrap();
    assert_eq!([with.unwrap(), without.unwrap()], [alone[0].clone(), alone[2].clone()]);
    assert!(matches!(refused, Err(Error::BadPrior { .. })), "{refused:?}");
    let cpu = Estimator::new(Options { backend: Backend::Cpu, ..options(kind, 64) }).unwrap();
    assert!(matches!(cpu.estimate(&mixed[1]), Err(Error::BadPrior { .. })));
}

/// A pipeline for one scene, with its matches.
fn pipeline(context: &Context, scene: &Scene, options: &Options, priors: Priors) -> GpuPipeline {
    let host = HostBuffers { priors, ..HostBuffers::default() };
    let pipeline = GpuPipeline::new_blocking(context.clone(), scene.kind, options, [1, 400], host).unwrap();
    pipeline.raw_matches().write(context, 0, &scene.raw_matches());
    pipeline.write_pairs(&[scene.input(options.threshold_px, 1, 0)]).unwrap();
    pipeline
}

fn frame(context: &Context, pipeline: &GpuPipeline) -> PairResult {
    let mut encoder = context.encoder("frame");
    pipeline.encode(&mut encoder);
    context.queue().submit([encoder.finish()]);
    pipeline.results().read_blocking(context).unwrap()[0]
}

#[test]
fn what_is_no_model_in_a_buffer_says_nothing() {
    let context = context();
    for kind in ModelKind::ALL {
        let (scene, options) = (scene(kind, 6, 0.6), options(kind, 64));
        let without = frame(&context, &pipeline(&context, &scene, &options, Priors::None));
        let pipeline = pipeline(&context, &scene, &options, Priors::Written);
        let good = PairResult::of_model(&moved(&scene, 0.0));
        let scaled = |by: f32| good.rows.map(|row| row.map(|x| by * x));
        let mut with_nan = good;
        with_nan.rows[1][2] = f32::NAN;
        let mut bad = vec![
            PairResult { rows: [[0.0; 4]; 3], ..good },
            PairResult { rows: [[f32::INFINITY; 4]; 3], ..good },
            PairResult { status: nabla_ransac::constants::NO_MODEL, ..good },
            PairResult { rows: [[f32::MAX; 4]; 3], ..good },
            PairResult::of_model(&wild(kind)),
            with_nan,
        ];
        if matches!(kind, ModelKind::Essential | ModelKind::Pose | ModelKind::Rigid) {
            bad.extend([-1.0, 0.5, 2.0].map(|by| PairResult { rows: scaled(by), ..good }));
        }
        for prior in bad {
            pipeline.priors().write(&context, 0, &[prior]);
            assert_eq!(frame(&context, &pipeline), without, "{kind:?} {prior:?}");
        }
    }
}

#[test]
fn the_last_result_is_the_next_prior_until_it_is_cleared() {
    let context = context();
    for kind in ModelKind::ALL {
        let (scene, few) = (scene(kind, 7, 0.12), options(kind, 8));
        let tracking = pipeline(&context, &scene, &few, Priors::LastResults);
        tracking.results().write(&context, 0, &[PairResult::of_model(&moved(&scene, 0.05))]);
        for _ in 0..3 {
            let found = frame(&context, &tracking);
            assert!(scene.error(&found.model(kind).unwrap()) < tolerance(kind), "{kind:?}");
            assert_eq!(found.iterations, 8);
        }
        let mut encoder = context.encoder("forget");
        encoder.clear_buffer(tracking.results(), 0, None);
        context.queue().submit([encoder.finish()]);
        let without = frame(&context, &pipeline(&context, &scene, &few, Priors::None));
        assert_eq!(frame(&context, &tracking), without, "{kind:?}");
    }
}

#[test]
fn a_buffer_of_the_host_is_checked() {
    let context = context();
    let buffer = |size, usage| {
        let descriptor = wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false };
        let host = HostBuffers {
            priors: Priors::Host(context.device().create_buffer(&descriptor).into()),
            ..HostBuffers::default()
        };
        GpuPipeline::new_blocking(context.clone(), ModelKind::Pose, &options(ModelKind::Pose, 8), [3, 100], host)
    };
    assert!(buffer(3 * 80, wgpu::BufferUsages::STORAGE).is_ok());
    for found in [buffer(2 * 80, wgpu::BufferUsages::STORAGE), buffer(3 * 80, wgpu::BufferUsages::UNIFORM)] {
        assert!(matches!(found, Err(Error::BadBuffer { what: "the priors", .. })), "{found:?}");
    }
}

/// The stage alone, on the buffers that a whole run has filled.
#[test]
fn the_stage_agrees_with_its_twin() {
    let context = context();
    let scores = [Score::Msac, Score::Ransac, Score::Magsacpp].into_iter().cycle();
    for (kind, score) in ModelKind::ALL.into_iter().zip(scores) {
        let (scene, options) = (scene(kind, 8, 0.6), Options { score, ..options(kind, 64) });
        let pipeline = pipeline(&context, &scene, &options, Priors::Written);
        let prior = moved(&scene, 0.05);
        pipeline.priors().write(&context, 0, &[PairResult::of_model(&prior)]);
        frame(&context, &pipeline);
        let b = pipeline.buffers();
        // one pair under way in the first round, with five candidates
        let progress = Progress { active_pairs: 1, hypotheses: 64, first_hypothesis: 0, round: 1, candidates: 5 };
        b.progress.write(&context, 0, &progress.with_pairs([0]));
        let variant = Variant { kind, residual: EpipolarResidual::Sampson, score };
        let stage = kernels::search::place_prior::stage(&context, variant, b);
        let mut encoder = context.encoder("stage");
        stage.encode(&mut encoder.begin_compute_pass(&Default::default()), Workgroups::Count(1));
        context.queue().submit([encoder.finish()]);
        let found = b.candidates.read_blocking(&context).unwrap()[4];
        let matches = NormalizedMatches::new(&scene.view(), options.threshold_px, None, None);
        let scorer = Scorer::new(kind, score, EpipolarResidual::Sampson);
        let expected = place_prior(&prior, &matches, &scorer).unwrap();
        assert_eq!((found.found, found.hypothesis), (1, expected.hypothesis), "{kind:?}");
        let off = found.rows.as_flattened().iter().zip(expected.model.as_flattened());
        let off = off.map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max);
        assert!(off < 2e-5, "{kind:?}: {off}");
        assert!(
            (found.score - expected.score).abs() < 0.02 * expected.score + 1.01,
            "{kind:?}: {found:?} {expected:?}"
        );
    }
}
