//! Large batches as a stream of submissions, and many pairs in one pipeline, on any adapter at hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/scenes.rs"]
mod scenes;

use bytemuck::Zeroable;
use nabla_ransac::constants::SCORE_SHARES;
use nabla_ransac::gpu::{BufferPart, Context, ReadBack};
use nabla_ransac::kernels::search::{plan_round, score_models};
use nabla_ransac::kernels::{Buffers, Capacity, HostBuffers, MatchArrays, Stage, Variant, Workgroups, layout};
use nabla_ransac::ransac::{EpipolarResidual, GpuEstimator, GpuPipeline};
use nabla_ransac::{Error, ModelKind, Options, Outcome, Problem, Result};
use scenes::Scene;
use std::task::{Poll, Waker};
use std::time::Duration;

fn context() -> Context {
    Context::request_blocking(true).unwrap_or_else(|error| panic!("{error}"))
}

fn options() -> Options {
    Options { threshold_px: 2.0, min_iterations: 32, max_iterations: 32, ..Options::default() }
}

fn threshold(kind: ModelKind) -> f64 {
    if kind == ModelKind::Rigid { 0.05 } else { 2.0 }
}

fn scene(kind: ModelKind, seed: u64, count: usize) -> Scene {
    Scene::new(kind, seed, count, 0.7, if kind == ModelKind::Rigid { 0.01 } else { 0.5 })
}

/// Scenes of all kinds and sizes, some of them broken.
fn mixed() -> Vec<Scene> {
    let counts = [0, 3, 9, 20, 47, 64, 130, 300];
    let sized = ModelKind::ALL.into_iter().flat_map(|kind| counts.map(|count| scene(kind, count as u64, count)));
    let mut scenes: Vec<Scene> = sized.collect();
    scenes.push(scene(ModelKind::Homography, 1, 100_000));
    for kind in ModelKind::ALL {
        let mut broken = scene(kind, 7, 50);
        broken.image2[37].y = f64::NAN;
        broken.world2[37].y = f64::INFINITY;
        let mut far = scene(kind, 8, 50);
        far.image1[0].x = 1e200;
        far.world1[0].x = 1e200;
        scenes.extend([broken, far]);
    }
    scenes
}

fn problem(scene: &Scene) -> Problem<'_> {
    Problem { threshold_px: Some(threshold(scene.kind)), ..Problem::new(scene.view()) }
}

/// Whether both are the same outcome or the same error.
fn assert_same(found: &Result<Outcome>, expected: &Result<Outcome>, what: &str) {
    match (found, expected) {
        (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{what}"),
        (found, expected) => assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{what}"),
    }
}

#[test]
fn a_large_mixed_batch_gives_each_pair_the_answer_it_has_alone() {
    let estimator = GpuEstimator::new(context(), options()).unwrap();
    let scenes = mixed();
    let weights = vec![0.5; 300];
    // every other pair of a kind has weights
    let problem = |k: usize| {
        let scene = &scenes[k % scenes.len()];
        let is_weighed = k % 2 == 1 && scene.inlier.len() <= weights.len();
        Problem { weights: is_weighed.then(|| &weights[..scene.inlier.len()]), seed: 3, ..problem(scene) }
    };
    // an odd number of scenes, so that each is weighed in one of two rounds
    assert_eq!(scenes.len() % 2, 1);
    let rounds = 2 * scenes.len();
    let alone: Vec<_> = (0..rounds).map(|k| estimator.estimate_batch(&[problem(k)]).remove(0)).collect();
    let problems: Vec<_> = (0..300).map(problem).collect();
    let together = estimator.estimate_batch(&problems);
    assert_eq!(together.len(), 300);
    for (k, found) in together.iter().enumerate() {
        assert_same(found, &alone[k % rounds], &format!("problem {k}"));
    }
    assert!(alone.iter().any(|outcome| matches!(outcome, Err(Error::NotFinite { index: 37, .. }))));
    assert!(alone.iter().any(|outcome| matches!(outcome, Err(Error::TooFewMatches { found: 0, .. }))));
    assert!(alone.iter().filter(|outcome| outcome.as_ref().is_ok_and(|o| o.estimate.is_some())).count() > 50);

    // the same through many submissions of several kinds, none of which may be kept
    let memory = 3_000_000;
    let tight = GpuEstimator::new(estimator.context().clone(), options()).unwrap().with_memory(memory);
    let found = tight.estimate_batch(&problems[..rounds]);
    assert!(tight.memory_in_use() > 0 && tight.memory_in_use() <= memory, "{}", tight.memory_in_use());
    for (k, (found, expected)) in found.iter().zip(&alone).enumerate() {
        match found {
            Err(Error::OutOfMemory { available, .. }) => {
                assert_eq!(*available, memory);
                assert_eq!(problems[k].matches.lengths()[0], 100_000);
            }
            found => assert_same(found, expected, &format!("problem {k} in little memory")),
        }
    }
}

#[test]
fn the_future_yields_and_may_move_to_another_thread() {
    fn is_send<T: Send>(future: T) -> T {
        future
    }
    let estimator = GpuEstimator::new(context(), options()).unwrap();
    let scenes = [40, 60, 80].map(|count| scene(ModelKind::Rigid, 1, count));
    let problems = scenes.each_ref().map(problem);
    let expected = estimator.estimate_batch(&problems);
    let mut future = Box::pin(is_send(estimator.estimate_batch_async(&problems)));
    let mut task = std::task::Context::from_waker(Waker::noop());
    let mut pending = 0;
    let found = loop {
        match future.as_mut().poll(&mut task) {
            Poll::Ready(found) => break found,
            Poll::Pending => pending += 1,
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    assert!(pending > 1, "{pending}");
    found.iter().zip(&expected).for_each(|(found, expected)| assert_same(found, expected, "async"));
    // dropped on the way, the estimator works on
    let mut dropped = Box::pin(estimator.estimate_batch_async(&problems));
    assert!(dropped.as_mut().poll(&mut task).is_pending());
    assert!(dropped.as_mut().poll(&mut task).is_pending());
    drop(dropped);
    assert_same(&estimator.estimate_batch(&problems)[0], &expected[0], "after one that was dropped");
}

#[test]
fn several_threads_share_an_estimator() {
    let estimator = GpuEstimator::new(context(), options()).unwrap();
    let scenes: Vec<Scene> = (0..6).map(|seed| scene(ModelKind::Rigid, seed, 50 + 20 * seed as usize)).collect();
    let problems: Vec<_> = scenes.iter().map(problem).collect();
    let expected = estimator.estimate_batch(&problems);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (estimator, problems, expected) = (&estimator, &problems, &expected);
            scope.spawn(move || {
                for k in (0..12).map(|k| (k + thread) % problems.len()) {
                    assert_same(&estimator.estimate_batch(&problems[k..=k])[0], &expected[k], "beside others");
                }
            });
        }
    });
}

#[test]
fn a_device_lost_on_the_way_is_an_error_for_what_is_left() {
    let scenes: Vec<Scene> = ModelKind::ALL.into_iter().map(|kind| scene(kind, 1, 120)).collect();
    let problems: Vec<_> = (0..400).map(|k| problem(&scenes[k % scenes.len()])).collect();
    for is_blocking in [true, false] {
        let estimator = GpuEstimator::new(context(), options()).unwrap().with_memory(4_000_000);
        let _ = estimator.estimate_batch(&problems[..5]);
        let device = estimator.context().device().clone();
        let destroys = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(200));
            device.destroy();
        });
        let outcomes = if is_blocking {
            estimator.estimate_batch(&problems)
        } else {
            pollster::block_on(estimator.estimate_batch_async(&problems))
        };
        destroys.join().unwrap();
        assert_eq!(outcomes.len(), problems.len());
        for outcome in &outcomes {
            assert!(matches!(outcome, Ok(_) | Err(Error::Device(_))), "{outcome:?}");
        }
        assert!(matches!(estimator.estimate_batch(&problems[..1])[0], Err(Error::Device(_))));
    }
}

/// A pipeline for rigid transforms.
fn pipeline(context: &Context, options: &Options, capacity: [u32; 2], host: HostBuffers) -> Result<GpuPipeline> {
    GpuPipeline::new_blocking(context.clone(), ModelKind::Rigid, options, capacity, host)
}

fn submit(context: &Context, encode: impl FnOnce(&mut wgpu::CommandEncoder)) {
    let mut encoder = context.encoder("test");
    encode(&mut encoder);
    context.catch_blocking(|| context.queue().submit([encoder.finish()])).unwrap();
}

#[test]
fn a_submission_holds_several_sets_of_pairs_or_none() {
    let context = context();
    let [first, second] = [1, 2].map(|seed| scene(ModelKind::Rigid, seed, 60));
    let pipeline = pipeline(&context, &options(), [3, 120], HostBuffers::default()).unwrap();
    pipeline.raw_matches().write(&context, 0, &[first.raw_matches(), second.raw_matches()].concat());
    let inputs = [first.input(0.05, 1, 0), second.input(0.05, 1, 60)];
    pipeline.write_pairs(&inputs).unwrap();
    submit(&context, |encoder| pipeline.encode(encoder));
    let expected = pipeline.results().read_blocking(&context).unwrap();
    assert!(expected[0].status == 0 && expected[1].status == 0 && expected[0] != expected[1]);

    // no pairs leave everything as it was
    pipeline.write_pairs(&[]).unwrap();
    submit(&context, |encoder| pipeline.encode(encoder));
    submit(&context, |encoder| pipeline.encode_pairs(encoder, &[]).unwrap());
    assert_eq!(pipeline.results().read_blocking(&context).unwrap()[..2], expected[..2]);

    let mut encoder = context.encoder("both");
    let size = size_of::<layout::PairResult>() as u64;
    let copies: Vec<_> = inputs
        .map(|input| {
            pipeline.encode_pairs(&mut encoder, &[input]).unwrap();
            ReadBack::encode(&context, &mut encoder, &[(pipeline.results(), size)])
        })
        .into();
    context.queue().submit([encoder.finish()]);
    for (copy, expected) in copies.into_iter().zip(&expected) {
        let bytes = copy.wait_blocking(&context).unwrap().remove(0);
        assert_eq!(bytemuck::pod_read_unaligned::<layout::PairResult>(&bytes), *expected);
    }
    let mut encoder = context.encoder("too many");
    assert!(matches!(pipeline.encode_pairs(&mut encoder, &[inputs[0]; 4]), Err(Error::OutOfMemory { .. })));
}

#[test]
fn a_part_of_the_hosts_buffer_serves() {
    let context = context();
    let alignment = u64::from(context.device().limits().min_storage_buffer_offset_alignment);
    let scene = scene(ModelKind::Rigid, 1, 60);
    let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST;
    let bytes = 60 * 32;
    let buffer = |usage, size| {
        context.device().create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false })
    };
    let whole = buffer(usage, 3 * alignment + bytes);
    let with = |part: BufferPart| {
        pipeline(&context, &options(), [1, 60], HostBuffers { matches: Some(part), ..HostBuffers::default() })
    };
    let result = |pipeline: &GpuPipeline| {
        pipeline.raw_matches().write(&context, 0, &scene.raw_matches());
        pipeline.write_pairs(&[scene.input(0.05, 1, 0)]).unwrap();
        submit(&context, |encoder| pipeline.encode(encoder));
        assert_eq!(pipeline.raw_matches().offset() % alignment, 0);
        pipeline.results().read_blocking(&context).unwrap()[0]
    };
    let part = BufferPart { buffer: whole.clone(), offset: 2 * alignment, size: bytes };
    let expected = result(&pipeline(&context, &options(), [1, 60], HostBuffers::default()).unwrap());
    assert_eq!(expected.status, 0);
    assert_eq!(result(&with(part.clone()).unwrap()), expected);
    let bad = [
        BufferPart { offset: alignment + 4, ..part.clone() },
        BufferPart { size: bytes - 4, ..part.clone() },
        BufferPart { offset: 4 * alignment, ..part.clone() },
        BufferPart { offset: alignment * (u64::MAX / alignment), ..part },
        buffer(usage, bytes - 16).into(),
        buffer(wgpu::BufferUsages::COPY_DST, bytes).into(),
    ];
    for part in bad {
        let found = with(part).map(drop);
        assert!(matches!(found, Err(Error::BadBuffer { what: "the matches", .. })), "{found:?}");
    }
}

/// The stages that are dispatched over pairs in other ways than `workgroup_index`; a whole search takes software too long.
#[test]
fn more_pairs_than_workgroups_in_a_row_are_all_scored() {
    const PAIRS: usize = 70_000;
    let context = context();
    let variant =
        Variant { kind: ModelKind::Rigid, residual: EpipolarResidual::Sampson, score: nabla_ransac::Score::Msac };
    let capacity = Capacity { pairs: PAIRS as u32, matches: 4, hypotheses: 1, candidates: 1, rounds: 1 };
    let is_scored = |pair: usize| pair.is_multiple_of(1000) || pair >= PAIRS - 50;
    let b = Buffers::new(&context, variant, capacity, MatchArrays::default(), HostBuffers::default());
    let settings = layout::Settings {
        pair_count: PAIRS as u32,
        hypotheses: 1,
        max_solutions: 1,
        candidates: 1,
        max_iterations: 1,
        first_round: 1,
        solver_hypotheses: 1,
        ..layout::Settings::default()
    };
    b.settings.write(&context, 0, &[settings]);
    b.pairs.write(
        &context,
        0,
        &vec![layout::Pair { match_count: 4, metric: [1.0; 4], ..layout::Pair::zeroed() }; PAIRS],
    );
    b.matches.write(&context, 0, &[[1.0, 2.0, 3.0, 0.0]; 8]);
    let identity = [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]];
    b.models.write(&context, 0, &vec![identity; PAIRS]);
    // how many models a pair has, and the first
    b.lists.write(&context, 0, &(0..PAIRS).flat_map(|pair| [u32::from(is_scored(pair)), 0]).collect::<Vec<_>>());
    let [plan, score] = [plan_round::stage, score_models::stage].map(|make| make(&context, variant, &b));
    let submit_stage = |stage: &Stage, workgroups| {
        submit(&context, |encoder| stage.encode(&mut encoder.begin_compute_pass(&Default::default()), workgroups));
    };
    submit_stage(&plan, Workgroups::Count(1));
    b.round_counts.write(&context, 1, &[1]);
    submit_stage(&score, Workgroups::Indirect(&b.round_counts, 4));
    let scores = b.partial_scores.read_blocking(&context).unwrap();
    for (pair, shares) in scores.chunks_exact(SCORE_SHARES).enumerate() {
        let expected = if is_scored(pair) { 4.0 } else { 0.0 };
        assert_eq!(shares.iter().sum::<f32>(), expected, "pair {pair}");
    }
}
