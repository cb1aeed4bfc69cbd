//! The scale of the last refinement of poses.

use crate::batch::{Batch, Case};
use crate::scenes::Scene;
use glam::{DMat3, DVec3};
use nabla_ransac::constants::{DISABLED, FINALIST_PLACES};
use nabla_ransac::cpu::search::{estimate_noise::estimate_noise as twin, score_models::Scorer};
use nabla_ransac::gpu::Context;
use nabla_ransac::kernels::{layout::Candidate, search::estimate_noise};
use nabla_ransac::{ModelKind, Pose, Score, ransac::EpipolarResidual};
use rand::{RngExt, SeedableRng, rngs::StdRng};

const POISON: f32 = -12_345.0;

/// Poses of several sizes with noise of several shares of the threshold, which is wide: f32 resolves these.
fn cases(weighted: bool) -> Vec<Case> {
    let mut cases = Vec::new();
    let counts = [0, 2, 5, 6, 7, 8, 12, 40, 600, 601, 3000];
    for (k, count) in counts.into_iter().cycle().take(66).enumerate() {
        let noise = [1.0, 3.0, 0.3, 9.0][k % 4];
        let scene = Scene::new(ModelKind::Pose, k as u64, count, 0.6, noise);
        let mut case = Case::of_scene(&scene, 12.0, DVec3::ZERO, 0);
        if weighted {
            (0..count).for_each(|i| case.weights[i] = if i % 5 == 0 { 0.0 } else { 0.5 });
        }
        case.found = k % 13 != 5;
        case.flags = if k % 17 == 9 { DISABLED } else { 0 };
        cases.push(case);
    }
    let scene = Scene::new(ModelKind::Pose, 5, 10_000, 0.7, 1.0);
    cases.push(Case::of_scene(&scene, 12.0, DVec3::ZERO, 0));
    // residuals of many digits, and all of one
    let mut exact = Case::of_scene(&Scene::new(ModelKind::Pose, 6, 100, 1.0, 0.5), 12.0, DVec3::ZERO, 0);
    let first = exact.rows[0];
    exact.rows.fill(first);
    cases.push(exact);
    cases
}

/// Points before a camera at rest, as far from their images as f32 and f64 tell exactly.
fn exact(count: usize, seed: u64) -> Case {
    let mut rng = StdRng::seed_from_u64(seed);
    let range = [3, 40, 900][seed as usize % 3];
    let rows: Vec<[f64; 6]> =
        (0..count).map(|_| [0.0, 0.0, 1.0, f64::from(rng.random_range(0..range)) / 4096.0, 0.0, 0.0]).collect();
    let rest = Pose { rotation: DMat3::IDENTITY, translation: DVec3::ZERO };
    Case::new(ModelKind::Pose, &rows, 1.0, &rest, 0)
}

/// How far the squared scale on the GPU is from the twin's: the largest relative error, and that of the scale in thresholds.
fn check(cases: &[Case], weighted: bool) -> [f64; 2] {
    let context = Context::request_blocking(true).unwrap_or_else(|error| panic!("{error}"));
    let batch = Batch::new(&context, EpipolarResidual::Sampson, cases, weighted);
    let others = Candidate { scale_sq: POISON, found: 1, ..bytemuck::Zeroable::zeroed() };
    let finalists: Vec<Candidate> = cases
        .iter()
        .flat_map(|case| [case.candidate()].into_iter().chain([others; FINALIST_PLACES as usize - 1]))
        .collect();
    batch.buffers.finalists.write(&context, 0, &finalists);
    batch.run(&estimate_noise::stage(&context, batch.variant, &batch.buffers), batch.capacity.pairs);
    let found = batch.buffers.finalists.read_blocking(&context).unwrap();
    let scorer = Scorer::new(ModelKind::Pose, Score::Msac, EpipolarResidual::Sampson);
    let (mut worst, mut smaller) = ([0.0; 2], 0);
    for (case, found) in cases.iter().zip(found.chunks(FINALIST_PLACES as usize)) {
        assert!(found[1..].iter().all(|other| other.scale_sq == POISON));
        if !case.counts() {
            assert_eq!(found[0].scale_sq, POISON);
            continue;
        }
        let scale = twin(&case.model, &case.normalized(), &scorer);
        let found_sq = f64::from(found[0].scale_sq);
        let Some(expected) = scale else {
            assert_eq!(found_sq, 0.0, "no smaller than that of the final refinement");
            continue;
        };
        smaller += 1;
        worst[0] = f64::max(worst[0], (found_sq / (expected * expected) - 1.0).abs());
        worst[1] = f64::max(worst[1], (found_sq.sqrt() - expected).abs());
    }
    println!("{smaller} of {} smaller than the final scale, errors {worst:?}", cases.len());
    assert!(smaller * 3 > cases.len(), "{smaller}");
    worst
}

#[test]
fn the_scale_of_a_pose_is_that_of_the_cpu() {
    for weighted in [false, true] {
        let [_, error] = check(&cases(weighted), weighted);
        // of a residual in f32, which the coordinates round
        assert!(error < 1e-4, "{error:e}");
    }
}

#[test]
fn the_median_is_the_very_residual_that_it_is_on_the_cpu() {
    let cases: Vec<Case> = (0..60).map(|seed| exact(10 + 37 * seed as usize, seed)).collect();
    let [relative, _] = check(&cases, false);
    assert!(relative < 1e-6, "{relative:e}");
}
