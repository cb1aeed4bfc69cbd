//! Random noise-free scenes with known truth, for tests and for measuring the solvers.
//!
//! Two views rotated by up to 60° with a baseline of 0.1 to 1.5, of points at depths 1 to 5 within a field of view of
//! 90°. All image points are normalised (rays (x, y, 1)); lengths are in the unit of the baseline.

use crate::geometry::Pose;
use glam::{DMat3, DQuat, DVec2, DVec3};
use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};
use std::f64::consts::{FRAC_PI_3, TAU};
use std::ops::Range;

const FIELD_OF_VIEW: f64 = 1.0;
const DEPTH: Range<f64> = 1.0..5.0;
const BASELINE: Range<f64> = 0.1..1.5;
const TRIES_PER_POINT: usize = 20;

/// Points seen by two views, and the truth about them.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// The motion; its translation is the baseline, not a unit vector.
    pub camera2_from_camera1: Pose,
    /// The points in the frame of camera 1.
    pub points_camera1: Vec<DVec3>,
    /// The normal n of the plane n·X = 1 (camera 1) that holds all points, if one does.
    pub plane: Option<DVec3>,
}

/// The seeded generator that scenes are drawn with.
pub fn generator(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

/// The seed of one pair: the run's seed and the pair's place in its file, mixed (SplitMix64; Steele et al. 2014).
pub(crate) const fn pair_seed(seed: u64, index: usize) -> u64 {
    let mut z = seed.wrapping_add((index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Scene {
    /// Points at random depths, all in front of both cameras and within both fields of view.
    pub fn general(rng: &mut impl Rng, count: usize) -> Self {
        Self::draw(rng, count, None)
    }

    /// Points of one plane, tilted by up to 60° against the image plane of camera 1.
    pub fn planar(rng: &mut impl Rng, count: usize) -> Self {
        let tilt = random_rotation(rng, FRAC_PI_3);
        let plane = tilt * DVec3::Z / rng.random_range(DEPTH);
        Self::draw(rng, count, Some(plane))
    }

    fn draw(rng: &mut impl Rng, count: usize, plane: Option<DVec3>) -> Self {
        loop {
            let translation = random_direction(rng) * rng.random_range(BASELINE);
            let camera2_from_camera1 = Pose { rotation: random_rotation(rng, FRAC_PI_3), translation };
            let points_camera1: Vec<_> = (0..count * TRIES_PER_POINT)
                .map(|_| random_point(rng, plane))
                .filter(|&point| visible(point) && visible(camera2_from_camera1.transform(point)))
                .take(count)
                .collect();
            if points_camera1.len() == count {
                return Self { camera2_from_camera1, points_camera1, plane };
            }
        }
    }

    /// Normalised points in view 1.
    pub fn points1(&self) -> Vec<DVec2> {
        self.points_camera1.iter().map(|&point| project(point)).collect()
    }

    /// The points in the frame of camera 2.
    pub fn points_camera2(&self) -> Vec<DVec3> {
        self.points_camera1.iter().map(|&point| self.camera2_from_camera1.transform(point)).collect()
    }

    /// Normalised points in view 2.
    pub fn points2(&self) -> Vec<DVec2> {
        self.points_camera2().into_iter().map(project).collect()
    }

    /// `R + t nᵀ`, which maps view 1 to view 2; of a planar scene only.
    pub fn homography(&self) -> Option<DMat3> {
        let Pose { rotation, translation: t } = self.camera2_from_camera1;
        self.plane.map(|n| rotation + DMat3::from_cols(t * n.x, t * n.y, t * n.z))
    }
}

/// A unit vector, uniform on the sphere.
pub fn random_direction(rng: &mut impl Rng) -> DVec3 {
    let z: f64 = rng.random_range(-1.0..1.0);
    let (sin, cos) = rng.random_range(0.0..TAU).sin_cos();
    DVec3::new(cos, sin, 0.0) * (1.0 - z * z).sqrt() + DVec3::Z * z
}

/// A rotation about a random axis by an angle uniform in 0..`max_angle` (radians).
pub fn random_rotation(rng: &mut impl Rng, max_angle: f64) -> DMat3 {
    let axis = random_direction(rng);
    DMat3::from_quat(DQuat::from_axis_angle(axis, rng.random_range(0.0..max_angle)))
}

fn random_point(rng: &mut impl Rng, plane: Option<DVec3>) -> DVec3 {
    let field = -FIELD_OF_VIEW..FIELD_OF_VIEW;
    let ray = DVec3::new(rng.random_range(field.clone()), rng.random_range(field), 1.0);
    let depth = plane.map_or_else(|| rng.random_range(DEPTH), |n| n.dot(ray).recip());
    ray * depth
}

fn visible(point: DVec3) -> bool {
    (0.2 * DEPTH.start..2.0 * DEPTH.end).contains(&point.z) && project(point).abs().max_element() < FIELD_OF_VIEW
}

fn project(point: DVec3) -> DVec2 {
    point.truncate() / point.z
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_seed_gives_the_same_scene_and_every_point_is_seen() {
        let scene = Scene::general(&mut generator(7), 20);
        assert_eq!(scene, Scene::general(&mut generator(7), 20));
        assert_ne!(scene, Scene::general(&mut generator(8), 20));
        for point in scene.points1().into_iter().chain(scene.points2()) {
            assert!(point.abs().max_element() < FIELD_OF_VIEW);
        }
    }

    #[test]
    fn the_truth_explains_the_points() {
        let mut rng = generator(1);
        let scene = Scene::general(&mut rng, 50);
        let essential = scene.camera2_from_camera1.essential();
        for (x1, x2) in scene.points1().into_iter().zip(scene.points2()) {
            assert!(x2.extend(1.0).dot(essential * x1.extend(1.0)).abs() < 1e-12);
        }
        let scene = Scene::planar(&mut rng, 50);
        let homography = scene.homography().unwrap();
        for (x1, x2) in scene.points1().into_iter().zip(scene.points2()) {
            assert!((project(homography * x1.extend(1.0)) - x2).length() < 1e-12);
        }
    }
}
