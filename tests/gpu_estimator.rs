//! The estimator on the GPU, from CPU slices, on any adapter at hand.

#[path = "common/scenes.rs"]
mod scenes;

use nabla_ransac::gpu::Context;
use nabla_ransac::ransac::GpuEstimator;
use nabla_ransac::{Error, ModelKind, Options, Outcome, Problem, Score};
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
    for kind in ModelKind::ALL {
        for score in [Score::Ransac, Score::Msac, Score::Magsacpp] {
            let estimator = GpuEstimator::new(context.clone(), Options { score, ..options(kind) }).unwrap();
            let scenes: Vec<Scene> =
                [60, 301, 700].map(|count| Scene::new(kind, count as u64, count, 0.6, noise(kind))).into();
            let problems: Vec<Problem<'_>> = scenes.iter().map(|scene| Problem::new(scene.view())).collect();
            for (scene, outcome) in scenes.iter().zip(estimator.estimate_batch(&problems)) {
                check(scene, &outcome.unwrap());
            }
        }
    }
}
