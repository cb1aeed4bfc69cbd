//! Scales and orientations of key points choose between motions of nearly equal consensus, on either backend.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/scenes.rs"]
mod scenes;

use glam::DVec2;
use nabla_ransac::geometry::accuracy::fundamental_of_pose;
use nabla_ransac::{Backend, Estimator, ModelKind, Options, Problem};
use scenes::Scene;

/// Scales and orientations in image 2 of key points of scale 5 and orientation 0 in image 1, whose neighbourhoods go with the
/// motion but for a turn by `wrong_by`, radians.
fn seen_in_image2(scene: &Scene, wrong_by: f64) -> Vec<(f32, f32)> {
    let fundamental = fundamental_of_pose(&scene.pose, &scene.cameras);
    let of_match = |(x1, x2): (&DVec2, &DVec2)| {
        let normal2 = (fundamental * x1.extend(1.0)).truncate();
        let normal1 = (fundamental.transpose() * x2.extend(1.0)).truncate();
        let turn = (-normal1).angle_to(normal2) + wrong_by;
        ((5.0 * normal1.length() / normal2.length()) as f32, turn.to_degrees() as f32)
    };
    scene.image1.iter().zip(&scene.image2).map(of_match).collect()
}

#[test]
fn of_two_motions_the_one_that_the_key_points_agree_with_is_chosen() {
    for (kind, tolerance) in [(ModelKind::Essential, 0.01), (ModelKind::Fundamental, 3.0)] {
        let [smaller, larger] = [(11, 90), (12, 110)].map(|(seed, count)| Scene::new(kind, seed, count, 1.0, 0.3));
        let points1_px = [&smaller.image1[..], &larger.image1].concat();
        let points2_px = [&smaller.image2[..], &larger.image2].concat();
        let both = Scene { image1: points1_px, image2: points2_px, ..Scene::new(kind, 11, 0, 1.0, 0.3) };
        let (scales2, angles2): (Vec<f32>, Vec<f32>) =
            [seen_in_image2(&smaller, 0.0), seen_in_image2(&larger, 2.0)].concat().into_iter().unzip();
        let (scales1, angles1) = ([5.0; 200], [0.0; 200]);
        let problem = Problem {
            scales_px: Some([&scales1, &scales2]),
            angles_deg: Some([&angles1, &angles2]),
            ..Problem::new(both.view())
        };
        for backend in [Backend::Cpu, Backend::Gpu] {
            let chosen = |key_points| {
                // in short rounds, of which each hands its best models on
                let options =
                    Options { threshold_px: 2.0, min_iterations: 1, max_iterations: 1000, ..Options::default() };
                let options = Options { diagnose: false, backend, key_points, ..options };
                Estimator::new(options).unwrap().estimate(&problem).unwrap().estimate.expect("a model")
            };
            let (with, without) = (chosen(true), chosen(false));
            assert!(smaller.error(&with.model) < tolerance, "{kind:?} {backend:?} {}", smaller.error(&with.model));
            assert!(larger.error(&without.model) < tolerance, "{kind:?} {backend:?} {}", larger.error(&without.model));
            assert!(with.score > 60.0 && with.score < without.score, "{} {}", with.score, without.score);
        }
    }
}
