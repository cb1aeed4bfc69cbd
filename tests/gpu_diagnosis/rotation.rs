//! Inliers that a rotation explains.

use crate::batch::{Batch, Case, LEFT_ALONE};
use crate::scenes::Scene;
use glam::{DMat3, DQuat, DVec2, DVec3};
use nabla_ransac::constants::{DISABLED, EXPLAINED_PERCENT, HYPOTHESES, ROTATION_ONLY, ROTATION_UNDETERMINED};
use nabla_ransac::cpu::recover::{explain_by_rotation::rotation_explains, two_views::TwoViews};
use nabla_ransac::gpu::Context;
use nabla_ransac::kernels::{layout::PairDiagnosis, recover::explain_by_rotation};
use nabla_ransac::{ModelKind, Pose, ransac::EpipolarResidual};
use rand::{RngExt, SeedableRng, rngs::StdRng};

const THRESHOLD: f64 = 1e-3;

fn random3(rng: &mut StdRng) -> DVec3 {
    DVec3::from_array(std::array::from_fn(|_| rng.random_range(-1.0..1.0)))
}

/// Rays of image 1 turned by a rotation, with noise, but for a share that goes anywhere; every tenth is no inlier.
fn turned(count: usize, share: f64, seed: u64, ray: impl Fn(&mut StdRng) -> DVec2) -> Case {
    let mut rng = StdRng::seed_from_u64(seed);
    let rotation = DMat3::from_quat(DQuat::from_scaled_axis(random3(&mut rng) * 0.3));
    let mut rows = Vec::new();
    for k in 0..count {
        let p = ray(&mut rng);
        let q = rotation * p.extend(1.0);
        let explained = ((k * 7919) % count) as f64 / count as f64 <= share;
        let size = if explained { 0.6 * THRESHOLD } else { 0.5 };
        let q = q.truncate() / q.z + random3(&mut rng).truncate() * size;
        rows.push([p.x, p.y, q.x, q.y, 0.0, 0.0]);
    }
    let motion = Pose { rotation, translation: DVec3::X };
    let mut case = Case::new(ModelKind::Essential, &rows, THRESHOLD, &motion, seed.wrapping_mul(0x1234_5678_9abc_def1));
    (0..count).filter(|k| count > 20 && k % 10 == 3).for_each(|k| case.mask[k] = false);
    case
}

fn anywhere(rng: &mut StdRng) -> DVec2 {
    random3(rng).truncate() * DVec2::new(0.6, 0.45)
}

/// Rotations, motions, and what determines neither.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (k, count) in [2, 3, 5, 17, 100, 255, 256, 257, 600, 1500].into_iter().cycle().take(60).enumerate() {
        let share = [1.0, 0.95, 0.86, 0.7, 0.4][k % 5];
        cases.push(turned(count, share, k as u64, anywhere));
        let scene = Scene::new(ModelKind::Essential, k as u64, count.max(20), 1.0, 0.3);
        cases.push(Case::of_scene(&scene, 1.0, DVec3::ZERO, 77 + k as u64));
    }
    let [point, line, far] = [
        |_: &mut StdRng| DVec2::new(0.1, -0.2),
        |rng: &mut StdRng| DVec2::new(0.5, 0.3) * rng.random_range(-1.0..1.0),
        |rng: &mut StdRng| DVec2::new(0.3, 0.2) + 0.02 * random3(rng).truncate(),
    ];
    for seed in 0..4 {
        cases.push(turned(150, 1.0, seed, line));
        cases.push(turned(700, 0.9, seed, far));
    }
    // one ray in both images
    let mut same = turned(50, 1.0, 9, point);
    let first = same.rows[0];
    same.rows.fill(first);
    cases.push(same);
    for (count, found, flags) in [(0, true, 0), (1, true, 0), (300, false, 0), (300, true, DISABLED), (0, false, 0)] {
        cases.push(Case { found, flags, ..turned(count, 1.0, 3, anywhere) });
    }
    cases.push(turned(10_000, 0.9, 4, anywhere));
    cases
}

/// The number of inliers that a rotation explains, and the flags.
fn expected(case: &Case) -> (usize, u32) {
    let column = |c: usize| {
        let inliers = case.rows.iter().zip(&case.mask).filter(|(_, inlier)| **inlier);
        inliers.map(move |(row, _)| DVec2::new(row[c], row[c + 1])).collect::<Vec<_>>()
    };
    let (points1, points2) = (column(0), column(2));
    let views = TwoViews { points1: &points1, points2: &points2, metric: case.metric };
    let found = case.counts().then(|| rotation_explains(&views, case.seed, HYPOTHESES)).flatten();
    let is_rotation = found.is_some_and(|(_, count)| 100 * count >= EXPLAINED_PERCENT as usize * points1.len());
    let flag = if is_rotation { ROTATION_ONLY } else { 0 };
    (found.map_or(0, |(_, count)| count), LEFT_ALONE | ROTATION_UNDETERMINED | flag)
}

#[test]
fn rotations_explain_as_many_inliers_as_on_the_cpu() {
    let context = Context::request_blocking(true).unwrap_or_else(|error| panic!("{error}"));
    let cases = cases();
    let batch = Batch::new(&context, EpipolarResidual::Sampson, &cases, false);
    batch.run(&explain_by_rotation::stage(&context, batch.variant, &batch.buffers), batch.capacity.pairs);
    let found: Vec<PairDiagnosis> = batch.buffers.diagnoses.read_blocking(&context).unwrap();
    let mut others = Vec::new();
    for (k, (case, found)) in cases.iter().zip(&found).enumerate() {
        let (count, flags) = expected(case);
        let found_count = found.rotation_inliers as usize;
        assert_eq!(found.flags, flags, "{k}: {found_count} instead of {count} of {}", case.rows.len());
        if found_count != count {
            others.push((k, case.rows.len(), count, found_count));
        }
    }
    println!("{} of {} counts differ: {others:?}", others.len(), cases.len());
    assert!(others.len() * 20 <= cases.len(), "{others:?}");
}
