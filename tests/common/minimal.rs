//! Random noise-free minimal problems with their truth, for every minimal solver: what the tests and the accuracy run of
//! examples/ share.
#![allow(dead_code, reason = "each of its users takes a part of it")]

use glam::{DMat3, DVec2, DVec3, DVec4};
use nabla_ransac::cpu;
use nabla_ransac::cpu::search::normalize_matches::{NormalizedMatches, Scaling, scalings};
use nabla_ransac::data::synthetic::problems::{Scene, random_direction, random_rotation};
use nabla_ransac::geometry::{MatchesView, Pose};
use nabla_ransac::gpu::Shader;
use nabla_ransac::kernels;
use rand::rngs::StdRng;
use std::f64::consts::PI;

/// Three rows of four: [R | t], or a 3×3 of Frobenius norm 1 with zeros in the last column.
pub(crate) type Rows = [DVec4; 3];

/// The matches of one sample in f64 with the model they come from.
pub(crate) struct Minimal {
    pub(crate) points: Vec<DVec4>,
    pub(crate) truth: Rows,
}

impl Minimal {
    /// As the GPU takes it.
    pub(crate) fn points_f32(&self) -> impl Iterator<Item = [f32; 4]> + '_ {
        self.points.iter().map(|p| p.as_vec4().to_array())
    }
}

/// A minimal solver, its random problems, and how far a model is from the truth (radians, or relative).
pub(crate) struct Solver {
    pub(crate) name: &'static str,
    pub(crate) shader: Shader<'static>,
    pub(crate) vec4s: usize,
    pub(crate) most_models: usize,
    pub(crate) draw: fn(&mut StdRng) -> Minimal,
    pub(crate) twin: fn(&[DVec4]) -> Vec<Rows>,
    pub(crate) error: fn(&Rows, &Rows) -> f64,
}

pub(crate) const SOLVERS: [Solver; 6] = [
    Solver {
        name: "essential 5-point",
        shader: kernels::solve::solve_essential_5pt::SHADER,
        vec4s: 5,
        most_models: 10,
        draw: essential,
        twin: |points| {
            let (points1, points2) = views::<5>(points);
            cpu::solve::solve_essential_5pt::solve_essential_poses(&points1, &points2).iter().map(pose_rows).collect()
        },
        error: direction_error,
    },
    Solver {
        name: "fundamental 7-point",
        shader: kernels::solve::solve_fundamental_7pt::SHADER,
        vec4s: 7,
        most_models: 3,
        draw: |rng| fundamental(rng, 7),
        twin: |points| {
            let (points1, points2) = views::<7>(points);
            cpu::solve::solve_fundamental_7pt::solve_fundamental_7pt(&points1, &points2)
                .iter()
                .map(matrix_rows)
                .collect()
        },
        error: matrix_error,
    },
    Solver {
        name: "fundamental 8-point",
        shader: kernels::solve::solve_fundamental_8pt::SHADER,
        vec4s: 8,
        most_models: 1,
        draw: |rng| fundamental(rng, 8),
        twin: |points| {
            let (points1, points2) = views::<8>(points);
            let model = cpu::solve::solve_fundamental_8pt::solve_fundamental_8pt(&points1, &points2, None);
            model.iter().map(matrix_rows).collect()
        },
        error: matrix_error,
    },
    Solver {
        name: "homography 4-point",
        shader: kernels::solve::solve_homography_4pt::SHADER,
        vec4s: 4,
        most_models: 1,
        draw: |rng| homography(rng, 4),
        twin: |points| {
            let (points1, points2) = views::<4>(points);
            cpu::solve::solve_homography_4pt::solve_homography_4pt(&points1, &points2).iter().map(matrix_rows).collect()
        },
        error: matrix_error,
    },
    Solver {
        name: "pose P3P",
        shader: kernels::solve::solve_pose_p3p::SHADER,
        vec4s: 6,
        most_models: 4,
        draw: pose,
        twin: |points| {
            let (world, image) = sides::<3>(points);
            let image = image.map(DVec3::truncate);
            cpu::solve::solve_pose_p3p::solve_pose_p3p(&image, &world).iter().map(pose_rows).collect()
        },
        error: pose_error,
    },
    Solver {
        name: "rigid 3-point",
        shader: kernels::solve::solve_rigid_3pt::SHADER,
        vec4s: 6,
        most_models: 1,
        draw: |rng| rigid(rng, 3),
        twin: |points| {
            let (points1, points2) = sides::<3>(points);
            cpu::solve::solve_rigid_3pt::solve_rigid_3pt(&points1, &points2).iter().map(pose_rows).collect()
        },
        error: pose_error,
    },
];

/// Matches of the pair that a sample is drawn from; the pair as a whole is normalised, as the GPU data are.
const PAIR: usize = 40;

fn essential(rng: &mut StdRng) -> Minimal {
    let scene = Scene::general(rng, 5);
    let pose = scene.camera2_from_camera1;
    let truth = pose_rows(&Pose { translation: pose.translation.normalize(), ..pose });
    let points = scene.points1().into_iter().zip(scene.points2()).map(|(x1, x2)| two_view(x1, x2)).collect();
    Minimal { points, truth }
}

pub(crate) fn fundamental(rng: &mut StdRng, count: usize) -> Minimal {
    let scene = Scene::general(rng, PAIR);
    let (points1_px, points2_px) = (&scene.points1()[..], &scene.points2()[..]);
    let (points, [to_unit1, to_unit2]) = normalized(&MatchesView::Fundamental { points1_px, points2_px });
    let essential = scene.camera2_from_camera1.essential();
    let truth = to_unit2.inverse().transpose() * essential * to_unit1.inverse();
    Minimal { points: points[..count].to_vec(), truth: matrix_rows(&truth) }
}

pub(crate) fn homography(rng: &mut StdRng, count: usize) -> Minimal {
    let scene = Scene::planar(rng, PAIR);
    let (points1_px, points2_px) = (&scene.points1()[..], &scene.points2()[..]);
    let (points, [to_unit1, to_unit2]) = normalized(&MatchesView::Homography { points1_px, points2_px });
    let truth = to_unit2 * scene.homography().unwrap() * to_unit1.inverse();
    Minimal { points: points[..count].to_vec(), truth: matrix_rows(&truth) }
}

/// The matches of a pair as the GPU takes them, with what normalised each image.
fn normalized(view: &MatchesView<'_>) -> (Vec<DVec4>, [DMat3; 2]) {
    let matches = NormalizedMatches::new(view, 1.0, None, None);
    let [x1, y1, x2, y2, ..] = &matches.columns;
    let points = (0..matches.count).map(|i| DVec4::new(x1[i], y1[i], x2[i], y2[i])).collect();
    let to_unit = matches.scaling.map(|Scaling { offset: o, scale: s }| {
        DMat3::from_cols(DVec3::X * s.x, DVec3::Y * s.y, DVec3::new(-o.x * s.x, -o.y * s.y, 1.0))
    });
    (points, to_unit)
}

/// The world centred, scaled and turned at random.
fn pose(rng: &mut StdRng) -> Minimal {
    let scene = Scene::general(rng, PAIR);
    let (points1, scale, offset) = unit_world(&scene);
    let rotation = random_rotation(rng, PI);
    let world = points1.into_iter().take(3).map(|point| rotation.transpose() * point);
    let image = scene.points1().into_iter().map(|x| x.extend(0.0));
    let truth = pose_rows(&Pose { rotation, translation: offset * scale });
    Minimal { points: interleave(world, image), truth }
}

pub(crate) fn rigid(rng: &mut StdRng, count: usize) -> Minimal {
    let (points1, ..) = unit_world(&Scene::general(rng, PAIR));
    let truth = Pose { rotation: random_rotation(rng, PI), translation: random_direction(rng) };
    let points2: Vec<_> = points1.iter().take(count).map(|&point| truth.transform(point)).collect();
    Minimal { points: interleave(points1.into_iter(), points2.into_iter()), truth: pose_rows(&truth) }
}

/// The points of a scene scaled to a box of half side 1 about the origin, with the scale and the offset.
fn unit_world(scene: &Scene) -> (Vec<DVec3>, f64, DVec3) {
    let points = &scene.points_camera1;
    let [s, _] = scalings(&MatchesView::Rigid { points1: points, points2: points });
    (points.iter().map(|&point| (point - s.offset) * s.scale).collect(), s.scale.x, s.offset)
}

fn interleave(first: impl Iterator<Item = DVec3>, second: impl Iterator<Item = DVec3>) -> Vec<DVec4> {
    first.zip(second).flat_map(|(p, q)| [p.extend(0.0), q.extend(0.0)]).collect()
}

fn two_view(x1: DVec2, x2: DVec2) -> DVec4 {
    DVec4::new(x1.x, x1.y, x2.x, x2.y)
}

/// The two sides of N two-view matches.
fn views<const N: usize>(points: &[DVec4]) -> ([DVec2; N], [DVec2; N]) {
    (
        std::array::from_fn(|i| points[i].truncate().truncate()),
        std::array::from_fn(|i| DVec2::new(points[i].z, points[i].w)),
    )
}

/// The two sides of N 3-D matches.
pub(crate) fn sides<const N: usize>(points: &[DVec4]) -> ([DVec3; N], [DVec3; N]) {
    (std::array::from_fn(|i| points[2 * i].truncate()), std::array::from_fn(|i| points[2 * i + 1].truncate()))
}

pub(crate) fn pose_rows(pose: &Pose) -> Rows {
    std::array::from_fn(|i| pose.rotation.row(i).extend(pose.translation[i]))
}

pub(crate) fn matrix_rows(m: &DMat3) -> Rows {
    std::array::from_fn(|i| m.row(i).extend(0.0))
}

pub(crate) fn rows_f64(rows: &[[f32; 4]; 3]) -> Rows {
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

/// The rotation's angle, or the translation's difference relative to its length (at least 1), whichever is larger.
pub(crate) fn pose_error(a: &Rows, b: &Rows) -> f64 {
    let (ta, tb) = (translation(a), translation(b));
    rotation_error(a, b).max(ta.distance(tb) / tb.length().max(1.0))
}

/// The Frobenius distance of matrices scaled to norm 1, up to sign.
pub(crate) fn matrix_error(a: &Rows, b: &Rows) -> f64 {
    let norm = |m: &Rows| m.iter().map(|row| row.length_squared()).sum::<f64>().sqrt();
    let (scale_a, scale_b) = (norm(a).recip(), norm(b).recip());
    let distance = |sign: f64| norm(&std::array::from_fn(|i| a[i] * scale_a - b[i] * (sign * scale_b)));
    distance(1.0).min(distance(-1.0))
}
