//! Random noise-free minimal problems with their truth, for every minimal solver: what the tests and the accuracy run of
//! examples/ share.

use glam::{DMat3, DVec2, DVec3, DVec4};
use nabla_ransac::cpu;
use nabla_ransac::data::synthetic::{Scene, random_rotation};
use nabla_ransac::geometry::Pose;
use nabla_ransac::gpu::Shader;
use nabla_ransac::kernels;
use rand::{Rng, RngExt, rngs::StdRng};
use std::f64::consts::PI;

/// Three rows of four: [R | t], or a 3×3 of Frobenius norm 1 with zeros in the last column.
pub type Rows = [DVec4; 3];

/// The matches of one sample in f64 with the model they come from.
pub struct Minimal {
    pub points: Vec<DVec4>,
    pub truth: Rows,
}

impl Minimal {
    /// As the GPU takes it.
    pub fn points_f32(&self) -> impl Iterator<Item = [f32; 4]> + '_ {
        self.points.iter().map(|p| p.as_vec4().to_array())
    }
}

/// A minimal solver, its random problems, and how far a model is from the truth (radians, or relative).
pub struct Solver {
    pub name: &'static str,
    pub shader: Shader,
    pub vec4s: usize,
    pub most_models: usize,
    pub draw: fn(&mut StdRng) -> Minimal,
    pub twin: fn(&[DVec4]) -> Vec<Rows>,
    pub error: fn(&Rows, &Rows) -> f64,
}

pub const SOLVERS: [Solver; 1] = [Solver {
    name: "essential 5-point",
    shader: kernels::solve_essential_5pt::SHADER,
    vec4s: 5,
    most_models: 10,
    draw: essential,
    twin: |points| {
        let (points1, points2) = views::<5>(points);
        cpu::solve_essential_5pt::solve_essential_poses(&points1, &points2).iter().map(pose_rows).collect()
    },
    error: direction_error,
}];

fn essential(rng: &mut StdRng) -> Minimal {
    let scene = Scene::general(rng, 5);
    let pose = scene.camera2_from_camera1;
    let truth = pose_rows(&Pose { translation: pose.translation.normalize(), ..pose });
    Minimal { points: two_view(&scene, 1.0, 1.0), truth }
}

fn two_view(scene: &Scene, scale1: f64, scale2: f64) -> Vec<DVec4> {
    let pair = |(x1, x2): (DVec2, DVec2)| DVec4::new(x1.x * scale1, x1.y * scale1, x2.x * scale2, x2.y * scale2);
    scene.points1().into_iter().zip(scene.points2()).map(pair).collect()
}

/// The two sides of N two-view matches.
fn views<const N: usize>(points: &[DVec4]) -> ([DVec2; N], [DVec2; N]) {
    (
        std::array::from_fn(|i| points[i].truncate().truncate()),
        std::array::from_fn(|i| DVec2::new(points[i].z, points[i].w)),
    )
}

pub fn pose_rows(pose: &Pose) -> Rows {
    std::array::from_fn(|i| pose.rotation.row(i).extend(pose.translation[i]))
}

pub fn matrix_rows(m: &DMat3) -> Rows {
    std::array::from_fn(|i| m.row(i).extend(0.0))
}

pub fn rows_f64(rows: &[[f32; 4]; 3]) -> Rows {
    rows.map(|row| DVec4::from_array(row.map(f64::from)))
}

fn rotation_error(a: &Rows, b: &Rows) -> f64 {
    let chord_sq: f64 = a.iter().zip(b).map(|(a, b)| (a.truncate() - b.truncate()).length_squared()).sum();
    2.0 * (chord_sq / 8.0).sqrt().min(1.0).asin()
}

fn translation(rows: &Rows) -> DVec3 {
    DVec3::new(rows[0].w, rows[1].w, rows[2].w)
}

/// The larger of the angle between the rotations and that between the translations, radians.
fn direction_error(a: &Rows, b: &Rows) -> f64 {
    rotation_error(a, b).max(translation(a).angle_between(translation(b)))
}
