//! What `bench` works on: a pair of views with noise and outliers, and noise-free minimal problems.

use crate::data::synthetic::problems::{Scene, generator, random_direction, random_rotation};
use crate::geometry::Matches;
use crate::{Camera, Pose};
use glam::{DVec2, DVec3};
use rand::RngExt;

const SIZE_PX: DVec2 = DVec2::new(1600.0, 1200.0);
const FOCAL_PX: f64 = 800.0;
const NOISE_PX: f64 = 0.5;
/// Share of the matches that are right.
const INLIERS: f64 = 0.5;

/// Two views of a scene.
pub(super) struct SyntheticViews {
    /// With cameras.
    pub(super) matches: Matches,
    /// Lower for right matches, on average.
    pub(super) ratios: Vec<f32>,
    camera2_from_camera1: Pose,
}

impl SyntheticViews {
    pub(super) fn new(seed: u64, count: usize) -> Self {
        let mut rng = generator(seed);
        let scene = Scene::general(&mut rng, count);
        let camera = Camera { focal_px: DVec2::splat(FOCAL_PX), principal_point_px: SIZE_PX / 2.0, skew_px: 0.0 };
        let mut noisy = |point: DVec2| {
            camera.project(point) + NOISE_PX * DVec2::new(rng.random_range(-1.0..1.0), rng.random_range(-1.0..1.0))
        };
        let points1_px: Vec<DVec2> = scene.points1().into_iter().map(&mut noisy).collect();
        let mut points2_px: Vec<DVec2> = scene.points2().into_iter().map(&mut noisy).collect();
        let right = (count as f64 * INLIERS) as usize;
        for point in &mut points2_px[right..] {
            *point = SIZE_PX * DVec2::new(rng.random_range(0.0..1.0), rng.random_range(0.0..1.0));
        }
        let ratio = |index| if index < right { rng.random_range(0.4..0.9) } else { rng.random_range(0.6..0.95) };
        let ratios = (0..count).map(ratio).collect();
        let pose = scene.camera2_from_camera1;
        let camera2_from_camera1 = Pose { translation: pose.translation.normalize(), ..pose };
        let matches = Matches::TwoView { points1_px, points2_px, cameras: Some([camera; 2]) };
        Self { matches, ratios, camera2_from_camera1 }
    }

    /// The true motion disturbed by about a degree, another one for each index.
    pub(super) fn motion_near_truth(&self, index: usize) -> Pose {
        let mut rng = generator(index as u64);
        let Pose { rotation, translation } = self.camera2_from_camera1;
        let shifted = translation + 0.02 * random_direction(&mut rng);
        Pose { rotation: random_rotation(&mut rng, 0.02) * rotation, translation: shifted.normalize() }
    }
}

/// Points of a small scene, enough for any minimal solver.
pub(super) type Points<T> = [T; 8];

/// Points of many small scenes; image points are normalised.
#[derive(Default)]
pub(super) struct MinimalProblems {
    pub(super) views1: Vec<Points<DVec2>>,
    pub(super) views2: Vec<Points<DVec2>>,
    /// Of planes.
    pub(super) plane1: Vec<Points<DVec2>>,
    pub(super) plane2: Vec<Points<DVec2>>,
    /// Those of the views in the frames of both cameras.
    pub(super) world1: Vec<Points<DVec3>>,
    pub(super) world2: Vec<Points<DVec3>>,
}

impl MinimalProblems {
    pub(super) fn new(seed: u64, count: usize) -> Self {
        let mut rng = generator(seed);
        let mut problems = Self::default();
        for _ in 0..count {
            let (general, planar) = (Scene::general(&mut rng, 8), Scene::planar(&mut rng, 8));
            problems.views1.push(array(&general.points1()));
            problems.views2.push(array(&general.points2()));
            problems.plane1.push(array(&planar.points1()));
            problems.plane2.push(array(&planar.points2()));
            problems.world1.push(array(&general.points_camera1));
            problems.world2.push(array(&general.points_camera2()));
        }
        problems
    }
}

fn array<T: Copy + Default>(points: &[T]) -> Points<T> {
    std::array::from_fn(|index| points.get(index).copied().unwrap_or_default())
}

/// A sample of them.
pub(super) fn first<T: Copy, const N: usize>(points: &Points<T>) -> [T; N] {
    const { assert!(N <= 8) };
    std::array::from_fn(|index| points[index])
}
