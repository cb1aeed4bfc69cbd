//! A synthetic collection in a COLMAP database: cameras on an arc before a scene, with known poses.
#![allow(dead_code, reason = "each test uses a part of it")]

use glam::{DMat3, DVec2, DVec3};
use nabla_ransac::Pose;
use nabla_ransac::collection::{Database, pair_id};
use nabla_ransac::geometry::CameraModel;
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};
use std::path::{Path, PathBuf};

/// What the cameras see.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Shape {
    /// Points all over a volume.
    Volume,
    /// Points of a plane.
    Plane,
    /// Cameras that turn about one centre.
    Rotation,
}

pub(crate) struct Plan {
    pub(crate) shape: Shape,
    pub(crate) images: usize,
    pub(crate) points: usize,
    /// Wrong matches of each pair.
    pub(crate) wrong: usize,
    pub(crate) camera: CameraModel,
    pub(crate) has_prior: bool,
    pub(crate) noise_px: f64,
}

impl Plan {
    pub(crate) fn new(shape: Shape) -> Self {
        let camera = CameraModel::new(1, [1280, 960], vec![1000.0, 1010.0, 640.0, 480.0]).unwrap();
        Self { shape, images: 4, points: 150, wrong: 100, camera, has_prior: true, noise_px: 0.3 }
    }
}

/// The truth about a collection; image `i` has the number `i + 1`.
pub(crate) struct Collection {
    pub(crate) path: PathBuf,
    pub(crate) poses: Vec<Pose>,
    /// Key points of each image; the first `points` are those of the scene's points, by number.
    pub(crate) key_points: Vec<Vec<DVec2>>,
    /// Each pair's matches, by images from 1.
    pub(crate) matches: Vec<([u32; 2], Vec<[u32; 2]>)>,
    pub(crate) points: usize,
}

impl Collection {
    pub(crate) fn make(path: &Path, plan: &Plan, seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let points: Vec<DVec3> = (0..plan.points)
            .map(|_| {
                let [x, y] = [rng.random_range(-2.0..2.0), rng.random_range(-1.5..1.5)];
                let z = if plan.shape == Shape::Plane { 0.2 * x } else { rng.random_range(-1.5..1.5) };
                DVec3::new(x, y, z)
            })
            .collect();
        let poses: Vec<Pose> = (0..plan.images).map(|index| pose(plan.shape, index)).collect();
        let mut key_points = Vec::new();
        for pose in &poses {
            let mut of_image = Vec::new();
            for &point in &points {
                let seen = pose.transform(point);
                let noise = DVec2::new(rng.random_range(-1.0..1.0), rng.random_range(-1.0..1.0)) * plan.noise_px;
                of_image.push(plan.camera.project(seen.truncate() / seen.z).unwrap() + noise);
            }
            let [width, height] = plan.camera.size_px.map(|side| side as f64);
            let random = |_| DVec2::new(rng.random_range(0.0..width), rng.random_range(0.0..height));
            of_image.extend((0..plan.wrong).map(random));
            key_points.push(of_image);
        }
        let mut matches = Vec::new();
        for a in 1..=plan.images as u32 {
            for b in a + 1..=plan.images as u32 {
                let mut wrong: Vec<u32> = (0..plan.wrong as u32).map(|k| plan.points as u32 + k).collect();
                wrong.shuffle(&mut rng);
                let right = (0..plan.points as u32).map(|k| [k, k]);
                let wrong = wrong.into_iter().enumerate().map(|(k, other)| [(plan.points + k) as u32, other]);
                let mut all: Vec<[u32; 2]> = right.chain(wrong).collect();
                all.shuffle(&mut rng);
                matches.push(([a, b], all));
            }
        }
        let collection = Self { path: path.to_owned(), poses, key_points, matches, points: plan.points };
        collection.write(plan);
        collection
    }

    fn write(&self, plan: &Plan) {
        let mut database = Database::create(&self.path).unwrap();
        let write = |database: &mut Database| {
            let camera = database.add_camera(&plan.camera, plan.has_prior)?;
            for (index, points) in self.key_points.iter().enumerate() {
                let image = database.add_image(&format!("folder/{index}.jpg"), camera)?;
                let numbers: Vec<f32> = points.iter().flat_map(|point| point.as_vec2().to_array()).collect();
                database.write_key_points(image, 2, &numbers)?;
            }
            for ([a, b], matches) in &self.matches {
                database.write_matches(*a, *b, matches)?;
            }
            Ok(())
        };
        database.transact(write).unwrap();
    }

    /// camera2_from_camera1 of images counted from 1.
    pub(crate) fn motion(&self, [a, b]: [u32; 2]) -> Pose {
        let [first, second] = [a, b].map(|image| self.poses[image as usize - 1]);
        let rotation = second.rotation * first.rotation.transpose();
        Pose { rotation, translation: second.translation - rotation * first.translation }
    }

    pub(crate) fn matches_of(&self, pair: i64) -> &[[u32; 2]] {
        let of_pair = |([a, b], _): &&([u32; 2], Vec<[u32; 2]>)| pair_id(*a, *b) == pair;
        &self.matches.iter().find(of_pair).unwrap().1
    }
}

/// camera_from_world: on an arc of 8 units, looking at the origin; or at one place, turning.
fn pose(shape: Shape, index: usize) -> Pose {
    let angle = 0.25 * index as f64;
    let rotation = DMat3::from_rotation_y(angle) * DMat3::from_rotation_x(0.05 * index as f64);
    let translation = match shape {
        Shape::Rotation => rotation * DVec3::new(0.0, 0.0, 8.0),
        _ => DVec3::new(0.0, 0.0, 8.0),
    };
    Pose { rotation, translation }
}
