//! Synthetic scenes with a known model, noise and outliers, of every kind.
#![allow(dead_code, reason = "each test uses a part of it")]

use glam::{DMat3, DQuat, DVec2, DVec3};
use nabla_ransac::kernels::layout::PairInput;
use nabla_ransac::{Camera, MatchesView, Model, ModelKind, Pose};
use rand::{RngExt, SeedableRng, rngs::StdRng};

/// A scene: what a problem borrows, and the truth.
pub(crate) struct Scene {
    pub(crate) kind: ModelKind,
    pub(crate) image1: Vec<DVec2>,
    pub(crate) image2: Vec<DVec2>,
    pub(crate) world1: Vec<DVec3>,
    pub(crate) world2: Vec<DVec3>,
    pub(crate) cameras: [Camera; 2],
    pub(crate) pose: Pose,
    pub(crate) homography: DMat3,
    pub(crate) inlier: Vec<bool>,
}

fn camera(focal: f64) -> Camera {
    Camera { focal_px: DVec2::new(focal, focal * 1.02), principal_point_px: DVec2::new(640.0, 480.0), skew_px: 0.0 }
}

impl Scene {
    /// `count` matches, of which the share `inliers` fits the model with `noise` (pixels, or world units for rigid transforms).
    pub(crate) fn new(kind: ModelKind, seed: u64, count: usize, inliers: f64, noise: f64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut uniform = |size: f64| rng.random_range(-size..size);
        let axis = DVec3::new(uniform(1.0), uniform(1.0), uniform(1.0));
        let rotation = DMat3::from_quat(DQuat::from_scaled_axis(axis * 0.4));
        let translation = DVec3::new(uniform(1.0), uniform(1.0), uniform(0.5)).normalize();
        Self::seen(kind, &mut rng, count, inliers, noise, Pose { rotation, translation })
    }

    /// The same of a pose that is given; a translation of length 1.
    pub(crate) fn seen(kind: ModelKind, rng: &mut StdRng, count: usize, inliers: f64, noise: f64, pose: Pose) -> Self {
        let mut uniform = |size: f64| rng.random_range(-size..size);
        let cameras = [camera(900.0), camera(1200.0)];
        let Pose { rotation, translation } = pose;
        // the plane z = 6 + n·(x, y) for homographies
        let normal = DVec3::new(0.2, -0.1, -1.0) / -6.0;
        let mut scene = Self {
            kind,
            image1: Vec::new(),
            image2: Vec::new(),
            world1: Vec::new(),
            world2: Vec::new(),
            cameras,
            pose,
            homography: cameras[1].matrix() * (rotation + outer(translation, normal)) * cameras[0].matrix().inverse(),
            inlier: Vec::new(),
        };
        while scene.inlier.len() < count {
            let ray = DVec3::new(uniform(0.6), uniform(0.45), 1.0);
            let depth = if kind == ModelKind::Homography { 1.0 / normal.dot(ray) } else { 6.0 + uniform(3.0) };
            let point = ray * depth;
            let moved = pose.transform(point);
            if moved.z < 0.5 {
                continue;
            }
            let inlier = (scene.inlier.len() as f64) < inliers * count as f64;
            let project = |c: &Camera, p: DVec3| c.project(p.truncate() / p.z);
            let mut shift = || {
                if inlier {
                    DVec2::new(uniform(noise), uniform(noise))
                } else {
                    DVec2::new(uniform(600.0), uniform(450.0))
                }
            };
            scene.image1.push(project(&cameras[0], point));
            scene.image2.push(project(&cameras[1], moved) + shift());
            scene.world1.push(point);
            let apart = if inlier { noise } else { 5.0 };
            scene.world2.push(moved + DVec3::new(uniform(apart), uniform(apart), uniform(apart)));
            scene.inlier.push(inlier);
        }
        scene
    }

    pub(crate) fn view(&self) -> MatchesView<'_> {
        let (points1_px, points2_px) = (&self.image1[..], &self.image2[..]);
        let [camera1, camera2] = self.cameras;
        match self.kind {
            ModelKind::Essential => MatchesView::Essential { points1_px, points2_px, camera1, camera2 },
            ModelKind::Fundamental => MatchesView::Fundamental { points1_px, points2_px },
            ModelKind::Homography => MatchesView::Homography { points1_px, points2_px },
            ModelKind::Pose => MatchesView::Pose { points_px: points2_px, points_world: &self.world1, camera: camera2 },
            ModelKind::Rigid => MatchesView::Rigid { points1: &self.world1, points2: &self.world2 },
        }
    }

    /// As the GPU takes the matches.
    pub(crate) fn raw_matches(&self) -> Vec<[f32; 4]> {
        let two = |p: &DVec2, q: &DVec2| [p.x as f32, p.y as f32, q.x as f32, q.y as f32];
        let spatial = |p: &DVec3| p.extend(0.0).as_vec4().to_array();
        match self.kind {
            ModelKind::Pose => {
                let pairs = self.world1.iter().zip(&self.image2);
                pairs.flat_map(|(x, p)| [spatial(x), spatial(&p.extend(0.0))]).collect()
            }
            ModelKind::Rigid => {
                self.world1.iter().zip(&self.world2).flat_map(|(p, q)| [spatial(p), spatial(q)]).collect()
            }
            _ => self.image1.iter().zip(&self.image2).map(|(p, q)| two(p, q)).collect(),
        }
    }

    /// As the GPU takes what is known of the pair.
    pub(crate) fn input(&self, threshold: f64, seed: u64, match_start: usize) -> PairInput {
        let packed = |c: &Camera| c.focal_px.extend(c.principal_point_px.x).extend(c.principal_point_px.y);
        PairInput {
            camera1: packed(&self.cameras[0]).as_vec4().to_array(),
            camera2: packed(&self.cameras[1]).as_vec4().to_array(),
            skew: [0.0; 2],
            threshold: threshold as f32,
            match_start: match_start as u32,
            match_count: self.inlier.len() as u32,
            seed_low: seed as u32,
            seed_high: (seed >> 32) as u32,
            enabled: 1,
        }
    }

    /// How far the model is from the truth: radians and directions or relative lengths for motions; for matrices the
    /// largest residual of the exact matches, pixels.
    pub(crate) fn error(&self, model: &Model) -> f64 {
        match model {
            Model::Essential(pose) => turn(pose, &self.pose).max(pose.translation.angle_between(self.pose.translation)),
            Model::Pose(pose) | Model::Rigid(pose) => {
                turn(pose, &self.pose).max((pose.translation - self.pose.translation).length())
            }
            Model::Homography(h) => {
                self.exact().map(|(p, q)| (project(*h * p.extend(1.0)) - q).length()).fold(0.0, f64::max)
            }
            Model::Fundamental(f) => self
                .exact()
                .map(|(p, q)| {
                    let line = *f * p.extend(1.0);
                    line.dot(q.extend(1.0)).abs() / line.truncate().length()
                })
                .fold(0.0, f64::max),
        }
    }

    fn exact(&self) -> impl Iterator<Item = (DVec2, DVec2)> + '_ {
        let [c1, c2] = self.cameras;
        self.world1.iter().map(move |&p| {
            let q = self.pose.transform(p);
            (c1.project(p.truncate() / p.z), c2.project(q.truncate() / q.z))
        })
    }
}

fn outer(a: DVec3, b: DVec3) -> DMat3 {
    DMat3::from_cols(a * b.x, a * b.y, a * b.z)
}

fn project(p: DVec3) -> DVec2 {
    p.truncate() / p.z
}

fn turn(a: &Pose, b: &Pose) -> f64 {
    let d = a.rotation - b.rotation;
    // chord to angle, without the cancellation of acos near 1
    2.0 * (d.to_cols_array().iter().map(|x| x * x).sum::<f64>() / 8.0).sqrt().min(1.0).asin()
}
