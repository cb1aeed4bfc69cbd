//! Batches of pairs with different numbers of matches, noise, outliers and known truth, for every kind of model.
#![allow(dead_code, reason = "each of its users takes a part of it")]

use glam::{DMat3, DQuat, DVec3};
use nabla_ransac::ModelKind;
use nabla_ransac::cpu::search::normalize_matches::{rows_of_matrix, rows_of_pose};
use nabla_ransac::geometry::{Pose, cross_matrix};
use rand::{RngExt, SeedableRng, rngs::StdRng};

/// One inlier threshold in normalised coordinates, of every pair.
pub(crate) const THRESHOLD: f32 = 0.002;

pub(crate) struct Batch {
    pub(crate) kind: ModelKind,
    pub(crate) counts: Vec<usize>,
    /// Coordinates of a match.
    pub(crate) width: usize,
    pub(crate) points: Vec<f32>,
    pub(crate) labels: Vec<f32>,
    pub(crate) logits: Vec<f32>,
    pub(crate) truth: Vec<f32>,
}

fn vector(rng: &mut StdRng, scale: f64) -> DVec3 {
    DVec3::from_array(std::array::from_fn(|_| rng.random_range(-scale..scale)))
}

impl Batch {
    /// Pairs with so many matches each, about half of them outliers; logits favour the inliers.
    pub(crate) fn new(kind: ModelKind, counts: &[usize], seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let width = match kind {
            ModelKind::Pose => 5,
            ModelKind::Rigid => 6,
            _ => 4,
        };
        let mut batch = Self {
            kind,
            counts: counts.to_vec(),
            width,
            points: Vec::new(),
            labels: Vec::new(),
            logits: Vec::new(),
            truth: Vec::new(),
        };
        for &count in counts {
            batch.add_pair(count, &mut rng);
        }
        batch
    }

    fn add_pair(&mut self, count: usize, rng: &mut StdRng) {
        let rotation = DMat3::from_quat(DQuat::from_scaled_axis(vector(rng, 0.3)));
        let pose = Pose { rotation, translation: vector(rng, 1.0).normalize() };
        // a plane n·X = 4 in front of camera 1
        let normal = (DVec3::Z + vector(rng, 0.3)).normalize();
        let plane = pose.rotation
            + DMat3::from_cols(pose.translation * normal.x, pose.translation * normal.y, pose.translation * normal.z)
                * 0.25;
        let unit = |m: DMat3| m * (1.0 / m.to_cols_array().iter().map(|x| x * x).sum::<f64>().sqrt());
        let rows = match self.kind {
            ModelKind::Fundamental => rows_of_matrix(&unit(cross_matrix(pose.translation) * pose.rotation)),
            ModelKind::Homography => rows_of_matrix(&unit(plane)),
            _ => rows_of_pose(&pose),
        };
        self.truth.extend(rows.iter().flatten().map(|x| *x as f32));
        for _ in 0..count {
            let inlier = rng.random_range(0.0..1.0) < 0.55;
            let noise = f64::from(THRESHOLD) * 0.3;
            let world = vector(rng, 1.5) + DVec3::new(0.0, 0.0, 4.0);
            let ray = world / world.z;
            let moved = match self.kind {
                ModelKind::Homography => plane * ray,
                _ => pose.transform(world),
            } + vector(rng, noise);
            let other = if inlier { moved } else { vector(rng, 1.5) + DVec3::new(0.0, 0.0, 4.0) };
            let image2 = other / other.z;
            let coordinates = match self.kind {
                ModelKind::Pose => vec![world.x, world.y, world.z, image2.x, image2.y],
                ModelKind::Rigid => vec![world.x, world.y, world.z, other.x, other.y, other.z],
                _ => vec![ray.x, ray.y, image2.x, image2.y],
            };
            self.points.extend(coordinates.iter().map(|x| *x as f32));
            self.labels.push(if inlier { 1.0 } else { 0.0 });
            let favour = if inlier { 1.0 } else { -1.0 };
            self.logits.push(favour + rng.random_range(-1.0..1.0_f32));
        }
    }

    pub(crate) fn matches(&self) -> usize {
        self.labels.len()
    }

    /// Models near the truth, so many a pair, as a search finds them: every entry off by up to a tenth.
    pub(crate) fn models_near_truth(&self, hypotheses: usize, seed: u64) -> Vec<f32> {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut models = Vec::new();
        for truth in self.truth.chunks(12) {
            for _ in 0..hypotheses {
                let off = 10.0_f32.powf(rng.random_range(-4.0..-1.0));
                models
                    .extend(truth.iter().map(|x| if *x == 0.0 { 0.0 } else { x + off * rng.random_range(-1.0..1.0) }));
            }
        }
        models
    }
}
