//! A point that an undistortion or a triangulation blew up, and coordinates far from their origin.

use crate::scenes::Scene;
use crate::{estimate, is_right, noise};
use glam::{DMat3, DVec2, DVec3};
use nabla_ransac::{Backend, Model, ModelKind, Pose, Problem};

const FAR: [f64; 4] = [1e5, 1e7, 1e9, 1e12];

/// Moves the first, a middle and the last wrong match of one side far off.
fn blow_up(scene: &mut Scene, far: f64) {
    let wrong: Vec<usize> = (0..scene.inlier.len()).filter(|&i| !scene.inlier[i]).collect();
    for place in [wrong[0], wrong[wrong.len() / 2], wrong[wrong.len() - 1]] {
        match scene.kind {
            ModelKind::Pose | ModelKind::Rigid => scene.world1[place] = DVec3::new(far, 0.1 * far, -far),
            _ => scene.image1[place] = DVec2::new(far, -0.3 * far),
        }
    }
    // and at the head of the matches
    scene.image1.swap(0, wrong[0]);
    scene.image2.swap(0, wrong[0]);
    scene.world1.swap(0, wrong[0]);
    scene.world2.swap(0, wrong[0]);
    scene.inlier.swap(0, wrong[0]);
}

#[test]
fn a_few_absurd_points_cost_no_inlier() {
    for kind in ModelKind::ALL {
        for backend in [Backend::Cpu, Backend::Gpu] {
            for (seed, far) in FAR.into_iter().enumerate() {
                let mut scene = Scene::new(kind, 40 + seed as u64, 170, 0.7, noise(kind));
                blow_up(&mut scene, far);
                let found = estimate(&Problem { seed: seed as u64, ..Problem::new(scene.view()) }, backend);
                assert!(is_right(&scene, found.as_ref()), "{kind:?} on {backend:?}, {far}");
                let marks = found.unwrap().inliers;
                let kept = scene.inlier.iter().zip(&marks).filter(|(right, mark)| **right && **mark).count();
                assert!(kept >= 115, "{kind:?} on {backend:?}, {far}: {kept} of 119");
            }
        }
    }
}

/// The scene in a frame whose origin is far off: X + shift.
fn shifted(scene: &Scene, shift: DVec3) -> (Vec<DVec3>, Pose) {
    let Pose { rotation, translation } = scene.pose;
    let points = scene.world1.iter().map(|&p| p + shift).collect();
    (points, Pose { rotation, translation: translation - rotation * shift })
}

#[test]
fn coordinates_far_from_their_origin_give_the_same_pose_and_a_rotation() {
    let shift = DVec3::new(4_157_000.5, 671_400.25, 4_774_600.75);
    for backend in [Backend::Cpu, Backend::Gpu] {
        for seed in 0..3 {
            let mut scene = Scene::new(ModelKind::Pose, 60 + seed, 150, 0.7, 0.3);
            let (points, pose) = shifted(&scene, shift);
            scene.world1 = points;
            let found = estimate(&Problem { seed, ..Problem::new(scene.view()) }, backend).unwrap();
            let Model::Pose(found) = found.model else { panic!("{:?}", found.model) };
            let off = found.rotation * found.rotation.transpose() - DMat3::IDENTITY;
            assert!(off.to_cols_array().iter().all(|x| x.abs() < 1e-14), "{backend:?}: {off}");
            let centre = |pose: &Pose| -(pose.rotation.transpose() * pose.translation);
            let apart = centre(&found).distance(centre(&pose));
            assert!(apart < 0.02, "{backend:?}, seed {seed}: {apart} apart");
        }
    }
}

#[test]
fn maps_in_metres_of_a_national_grid_give_their_homography_on_the_gpu_too() {
    let grid = DVec2::new(4_468_503.0, 5_333_317.0);
    for backend in [Backend::Cpu, Backend::Gpu] {
        let mut scene = Scene::new(ModelKind::Homography, 5, 150, 0.7, 0.05);
        scene.image1.iter_mut().chain(&mut scene.image2).for_each(|p| *p += grid);
        let found = estimate(&Problem::new(scene.view()), backend).unwrap();
        let count = scene.inlier.iter().zip(&found.inliers).filter(|(right, mark)| **right && **mark).count();
        assert!(count >= 103, "{backend:?}: {count} of 105");
        let Model::Homography(h) = found.model else { panic!("{:?}", found.model) };
        let mapped = |p: DVec2| h * p.extend(1.0);
        let error =
            |i: usize| (mapped(scene.image1[i]).truncate() / mapped(scene.image1[i]).z).distance(scene.image2[i]);
        let worst = (0..105).filter(|&i| found.inliers[i]).map(error).fold(0.0, f64::max);
        assert!(worst < 1.0, "{backend:?}: {worst} off");
    }
}
