//! Two views of a plane, of points off it, and wrong matches.

use glam::{DMat3, DQuat, DVec2, DVec3};
use nabla_ransac::kernels::layout::PairInput;
use rand::{RngExt, SeedableRng, rngs::StdRng};

const FOCAL_PX: f64 = 900.0;
const CENTRE_PX: DVec2 = DVec2::new(640.0, 480.0);
const NOISE_PX: f64 = 0.6;

/// A scene in pixels.
pub(crate) struct PlaneScene {
    pub(crate) points1: Vec<DVec2>,
    pub(crate) points2: Vec<DVec2>,
    /// Larger ones for right matches.
    pub(crate) weights: Vec<f32>,
    enabled: bool,
    seed: u64,
}

/// For each seed a scene of another kind: dominant planes, planes alone, general ones, few matches, all of them right, none or too
/// few, pairs that take no part, and matches that give no model.
pub(crate) fn scenes(seeds: std::ops::Range<u64>) -> Vec<PlaneScene> {
    let of_kind = |seed: u64| {
        let counts = [
            [200, 40, 100],
            [150, 0, 50],
            [0, 200, 100],
            [6, 3, 1],
            [120, 30, 0],
            [400, 25, 60],
            [5, 2, 0],
            [90, 60, 30],
            [5, 0, 0],
            [60, 60, 60],
        ];
        let mut scene = PlaneScene::new(seed, counts[seed as usize % counts.len()]);
        match seed % 20 {
            18 => scene.enabled = false,
            19 => scene.points2.fill(CENTRE_PX),
            _ => {}
        }
        scene
    };
    seeds.map(of_kind).collect()
}

impl PlaneScene {
    /// Numbers of matches on the plane, off it, and wrong ones.
    pub(crate) fn new(seed: u64, [on_plane, off_plane, wrong]: [usize; 3]) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut random3 = |size: f64| DVec3::from_array(std::array::from_fn(|_| rng.random_range(-size..size)));
        let rotation = DMat3::from_quat(DQuat::from_scaled_axis(random3(0.2)));
        let translation = random3(0.3) + DVec3::X * 0.5;
        let normal = (random3(0.3) + DVec3::Z).normalize();
        let project = |p: DVec3| p.truncate() / p.z * FOCAL_PX + CENTRE_PX;
        let mut scene = Self { points1: vec![], points2: vec![], weights: vec![], enabled: true, seed };
        for k in 0..on_plane + off_plane + wrong {
            let ray = random3(0.6).with_z(1.0);
            let depth = if k < on_plane { 4.0 / normal.dot(ray) } else { 2.5 + random3(1.0).x };
            let mapped = project(rotation * ray * depth + translation);
            let is_right = k < on_plane + off_plane;
            scene.points1.push(project(ray) + random3(NOISE_PX).truncate());
            let other = CENTRE_PX + random3(500.0).truncate();
            scene.points2.push(if is_right { mapped + random3(NOISE_PX).truncate() } else { other });
            let weight = 0.5 + random3(0.49).x;
            scene.weights.push(if is_right { weight } else { 0.3 * weight } as f32);
        }
        scene
    }

    pub(crate) fn raw_matches(&self) -> Vec<[f32; 4]> {
        self.points1.iter().zip(&self.points2).map(|(p, q)| [p.x, p.y, q.x, q.y].map(|x| x as f32)).collect()
    }

    pub(crate) fn input(&self, match_start: usize) -> PairInput {
        let camera = [FOCAL_PX, FOCAL_PX, CENTRE_PX.x, CENTRE_PX.y].map(|x| x as f32);
        PairInput {
            camera1: camera,
            camera2: camera,
            skew: [0.0; 2],
            threshold: 1.5,
            match_start: match_start as u32,
            match_count: self.points1.len() as u32,
            seed_low: self.seed as u32,
            seed_high: 7,
            enabled: u32::from(self.enabled),
        }
    }
}
