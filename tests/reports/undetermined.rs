//! What matches leave open is said, and not more than they do: rotations, planes, points on a line, second motions.

use crate::scenes::Scene;
use crate::{estimate, noise};
use glam::{DMat3, DQuat, DVec2, DVec3};
use nabla_ransac::{Backend, Camera, MatchesView, Model, ModelKind, Problem, ransac::Estimate};
use rand::{RngExt, SeedableRng, rngs::StdRng};

const BACKENDS: [Backend; 2] = [Backend::Cpu, Backend::Gpu];

/// About normal, of standard deviation 1.
fn normal(rng: &mut StdRng) -> f64 {
    (0..12).map(|_| rng.random_range(-0.5..0.5)).sum()
}

/// Two views of so many matches, with normal noise in both and the first three quarters right.
struct TwoViews {
    points1: Vec<DVec2>,
    points2: Vec<DVec2>,
    cameras: [Camera; 2],
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Rotation,
    Plane,
    General,
}

impl TwoViews {
    fn new(kind: Kind, seed: u64, count: usize, noise_px: f64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let cameras = [650.0, 900.0].map(|focal| Camera {
            focal_px: DVec2::splat(focal),
            principal_point_px: DVec2::new(400.0, 300.0),
            skew_px: 0.0,
        });
        let mut random = |size: f64| rng.random_range(-size..size);
        let rotation = DMat3::from_quat(DQuat::from_scaled_axis(DVec3::new(random(0.2), random(0.2), random(0.2))));
        let mut translation = DVec3::new(random(1.0), random(1.0), random(1.0)).normalize() * 1.5;
        if kind == Kind::Rotation {
            translation = DVec3::ZERO;
        }
        let slope = DVec2::new(random(0.3), random(0.3));
        let mut views = Self { points1: vec![], points2: vec![], cameras };
        while views.points1.len() < count {
            let ray = DVec3::new(rng.random_range(-0.6..0.6), rng.random_range(-0.45..0.45), 1.0);
            let depth =
                if kind == Kind::Plane { 6.0 / (1.0 - slope.dot(ray.truncate())) } else { rng.random_range(4.0..12.0) };
            let moved = rotation * (ray * depth) + translation;
            if moved.z < 0.5 {
                continue;
            }
            let right = 4 * views.points1.len() < 3 * count;
            let mut noise = || DVec2::new(normal(&mut rng), normal(&mut rng)) * noise_px;
            let (noise1, noise2) = (noise(), noise());
            views.points1.push(cameras[0].project(ray.truncate()) + noise1);
            let point2 = cameras[1].project(moved.truncate() / moved.z) + noise2;
            let wrong = DVec2::new(rng.random_range(0.0..800.0), rng.random_range(0.0..600.0));
            views.points2.push(if right { point2 } else { wrong });
        }
        views
    }

    fn estimate(&self, seed: u64, backend: Backend) -> Estimate {
        let [camera1, camera2] = self.cameras;
        let view = MatchesView::Essential { points1_px: &self.points1, points2_px: &self.points2, camera1, camera2 };
        estimate(&Problem { seed, ..Problem::new(view) }, backend).unwrap()
    }
}

#[test]
fn rotations_and_planes_are_flagged_under_half_a_pixel_of_noise_and_general_scenes_are_not() {
    for backend in BACKENDS {
        for seed in if backend == Backend::Cpu { 200..225 } else { 200..203 } {
            for noise_px in [0.1, 0.5] {
                let of = |kind| TwoViews::new(kind, seed, 240, noise_px).estimate(seed, backend).diagnosis;
                let [rotation, plane, general] = [Kind::Rotation, Kind::Plane, Kind::General].map(of);
                assert!(rotation.rotation_only, "seed {seed}, {noise_px} px");
                assert_eq!(rotation.second_motion, None, "seed {seed}: no translation is determined");
                assert!(plane.planar && !plane.rotation_only, "seed {seed}, {noise_px} px");
                assert!(!general.planar && !general.rotation_only, "seed {seed}, {noise_px} px");
            }
        }
    }
}

#[test]
fn a_second_motion_is_supported_and_never_better_than_the_first() {
    for seed in 300..330 {
        for kind in [Kind::Plane, Kind::General, Kind::Rotation] {
            let found = TwoViews::new(kind, seed, 150, 0.4).estimate(seed, Backend::Cpu);
            if let Some((_, score)) = found.diagnosis.second_motion {
                assert!(
                    (0.5 * found.score..=found.score).contains(&score),
                    "seed {seed}: {score} after {}",
                    found.score
                );
                assert!(kind != Kind::Rotation);
            }
        }
    }
    // the same image twice
    let mut views = TwoViews::new(Kind::General, 1, 90, 0.0);
    (views.points2, views.cameras[1]) = (views.points1.clone(), views.cameras[0]);
    for backend in BACKENDS {
        let diagnosis = views.estimate(0, backend).diagnosis;
        assert!(diagnosis.rotation_only && diagnosis.second_motion.is_none());
    }
}

/// A scene whose right points are moved so close to a line.
fn near_a_line(kind: ModelKind, seed: u64, count: usize, inliers: f64, off: f64) -> Scene {
    let mut scene = Scene::new(kind, seed, count, inliers, noise(kind));
    let mut rng = StdRng::seed_from_u64(seed);
    let (direction, across) = (DVec3::new(0.8, -0.3, 0.6).normalize(), DVec3::new(0.6, 0.0, -0.8));
    for i in 0..count {
        if scene.inlier[i] {
            let along = rng.random_range(-2.0..2.0) * direction;
            let point = DVec3::new(0.3, 0.2, 6.0) + along + across * rng.random_range(-off..=off);
            let moved = scene.pose.transform(point);
            scene.world1[i] = point;
            let noise = noise(kind);
            let mut normal3 = || DVec3::new(normal(&mut rng), normal(&mut rng), normal(&mut rng)) * 0.5 * noise;
            scene.world2[i] = moved + normal3();
            scene.image2[i] = scene.cameras[1].project(moved.truncate() / moved.z) + normal3().truncate();
        }
    }
    scene
}

#[test]
fn a_turn_about_a_line_of_points_is_said_to_be_undetermined() {
    // the offs from the line in shares of what the threshold is worth at the points
    for (kind, threshold) in [(ModelKind::Rigid, 0.02), (ModelKind::Pose, 0.005)] {
        for backend in BACKENDS {
            for seed in 400..406 {
                for (share, undetermined) in [(1e-4, true), (1e-2, true), (0.1, true), (20.0, false), (200.0, false)] {
                    let scene = near_a_line(kind, seed, 50, 1.0, share * threshold);
                    let found = estimate(&Problem { seed, ..Problem::new(scene.view()) }, backend);
                    let case = format!("{kind:?} on {backend:?}, seed {seed}: {share}");
                    let Some(found) = found else {
                        // no sample is a triangle to speak of
                        assert!(share < 0.1, "{case}");
                        continue;
                    };
                    assert_eq!(found.diagnosis.rotation_undetermined, undetermined, "{case}");
                }
            }
        }
    }
}

#[test]
fn the_rotation_of_ordinary_scenes_is_determined() {
    for kind in [ModelKind::Rigid, ModelKind::Pose] {
        for (seed, count) in (500..520).zip([8, 12, 30, 200].into_iter().cycle()) {
            let scene = Scene::new(kind, seed, count, 0.8, noise(kind));
            let found = estimate(&Problem { seed, ..Problem::new(scene.view()) }, Backend::Cpu).unwrap();
            assert!(!found.diagnosis.rotation_undetermined, "{kind:?}, seed {seed}");
        }
    }
}

#[test]
fn no_model_has_fewer_inliers_than_a_sample() {
    for kind in ModelKind::ALL {
        for backend in BACKENDS {
            for seed in 600..606 {
                // right matches on a line, which determine nothing, or none at all
                let line = near_a_line(ModelKind::Rigid, seed, 70, 0.7, 0.0);
                let nothing = Scene::new(kind, seed, 25, 0.0, noise(kind));
                let line = Scene { kind, ..line };
                for scene in [&line, &nothing] {
                    if let Some(found) = estimate(&Problem { seed, ..Problem::new(scene.view()) }, backend) {
                        let (count, least) = (found.inlier_count(), kind.sample_size());
                        assert!(count >= least, "{kind:?} on {backend:?}, seed {seed}: {count} of {least}");
                        assert!(matches!(found.model, Model::Rigid(_)) || found.score > 0.0);
                    }
                }
            }
        }
    }
}
