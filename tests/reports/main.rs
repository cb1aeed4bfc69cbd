//! Situations that users of robust estimators report, as kinds: docs/reports.md lists them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../files/mod.rs"]
mod files;
#[path = "../common/scenes.rs"]
mod scenes;

#[cfg(feature = "network")]
mod clusters;
mod copies;
mod far_points;
mod few_right;
#[cfg(feature = "cli")]
mod messages;
#[cfg(feature = "cli")]
mod shared_files;
mod skew;
mod undetermined;

use nabla_ransac::{Backend, Estimator, ModelKind, Options, Problem, ransac::Estimate};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use scenes::Scene;

/// Of rigid scenes in their unit, of others in pixels.
fn noise(kind: ModelKind) -> f64 {
    if kind == ModelKind::Rigid { 0.005 } else { 0.3 }
}

fn options(kind: ModelKind, backend: Backend) -> Options {
    let threshold_px = if kind == ModelKind::Rigid { 0.02 } else { 1.0 };
    Options { threshold_px, backend, ..Options::default() }
}

fn estimate(problem: &Problem<'_>, backend: Backend) -> Option<Estimate> {
    let estimator = Estimator::new(options(problem.matches.kind(), backend)).unwrap();
    estimator.estimate(problem).unwrap().estimate
}

/// Whether the model is that of the scene.
fn is_right(scene: &Scene, estimate: Option<&Estimate>) -> bool {
    let most = match scene.kind {
        ModelKind::Fundamental | ModelKind::Homography => 3.0,
        ModelKind::Essential => 0.03,
        ModelKind::Pose | ModelKind::Rigid => 0.01,
    };
    estimate.is_some_and(|estimate| scene.error(&estimate.model) < most)
}

/// Ratios that tell right matches from wrong ones as those of SIFT do.
fn ratios(scene: &Scene, seed: u64) -> Vec<f32> {
    let mut rng = StdRng::seed_from_u64(seed);
    scene.inlier.iter().map(|&right| rng.random_range(if right { 0.35..0.85 } else { 0.6..0.95 })).collect()
}
