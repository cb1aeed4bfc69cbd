//! Cameras whose axes are not at right angles.

use crate::scenes::Scene;
use crate::{estimate, is_right};
use nabla_ransac::{Backend, ModelKind, Problem};

const SKEW_PX: f64 = 40.0;

/// The same rays in images with skew.
fn with_skew(kind: ModelKind, seed: u64) -> Scene {
    let mut scene = Scene::new(kind, seed, 160, 0.7, 0.3);
    for (camera, points) in scene.cameras.iter_mut().zip([&mut scene.image1, &mut scene.image2]) {
        let shear = |y: f64| SKEW_PX * (y - camera.principal_point_px.y) / camera.focal_px.y;
        points.iter_mut().for_each(|p| p.x += shear(p.y));
        camera.skew_px = SKEW_PX;
    }
    scene
}

#[test]
fn skew_is_taken_out_of_the_points_on_both_backends() {
    for kind in [ModelKind::Essential, ModelKind::Pose] {
        for backend in [Backend::Cpu, Backend::Gpu] {
            for seed in 700..704 {
                let scene = with_skew(kind, seed);
                let found = estimate(&Problem { seed, ..Problem::new(scene.view()) }, backend);
                assert!(is_right(&scene, found.as_ref()), "{kind:?} on {backend:?}, seed {seed}");
                let right =
                    found.unwrap().inliers.iter().zip(&scene.inlier).filter(|(mark, right)| **mark && **right).count();
                assert!(right >= 108, "{kind:?} on {backend:?}, seed {seed}: {right} of 112");
            }
        }
    }
}
