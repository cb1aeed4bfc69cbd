//! Frames for camera localisation with known truth: 3-D points with their images, or with their places in another frame.
#![allow(dead_code, reason = "each of its users takes a part of it")]

use burn::tensor::{Device, DeviceKind, Tensor, TensorData};
use glam::{DMat3, DQuat, DVec3};
use nabla_ransac::ModelKind;
use nabla_ransac::cpu::residual::{ModelRows, Reprojection, Residual, Rigid};
use nabla_ransac::cpu::search::normalize_matches::{pose_of, rows_of_pose};
use nabla_ransac::geometry::Pose;
use nabla_ransac::train::ops::Packing;
use rand::{RngExt, SeedableRng, rngs::StdRng};

pub(crate) fn cpu() -> Device {
    Device::flex().autodiff()
}

/// The GPU that Burn finds, a software one too.
pub(crate) fn gpu() -> Device {
    Device::wgpu(DeviceKind::DefaultDevice).autodiff()
}

pub(crate) fn tensor<const D: usize>(values: &[f32], shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), device)
}

pub(crate) fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// The largest difference, relative to the root mean square of the first.
pub(crate) fn difference(expected: &[f32], found: &[f32]) -> f32 {
    assert_eq!(expected.len(), found.len());
    assert!(expected.iter().chain(found).all(|x| x.is_finite()));
    let rms = (expected.iter().map(|x| x * x).sum::<f32>() / expected.len() as f32).sqrt();
    expected.iter().zip(found).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / (rms + 1e-12)
}

/// On a pool of so many threads.
pub(crate) fn in_pool<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

pub(crate) fn entries(model: &ModelRows) -> impl Iterator<Item = f64> + '_ {
    model.as_flattened().iter().copied()
}

/// One of what breaks formulas, with so much probability.
pub(crate) fn wild_number(rng: &mut StdRng, number: f64, share: f64) -> f64 {
    const WILD: [f64; 9] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, 1e30, -1e30, 1e-30, 1e6, -1e15];
    if rng.random_range(0.0..1.0) < share { WILD[rng.random_range(0..WILD.len())] } else { number }
}

pub(crate) fn vector(rng: &mut StdRng, size: f64) -> DVec3 {
    DVec3::from_array(std::array::from_fn(|_| rng.random_range(-size..size)))
}

pub(crate) fn random_motion(rng: &mut StdRng, size: f64) -> ModelRows {
    let rotation = DMat3::from_quat(DQuat::from_scaled_axis(vector(rng, 1.0)));
    rows_of_pose(&Pose { rotation, translation: vector(rng, size) })
}

/// A motion so far from another, in radians and units of length.
pub(crate) fn moved(model: &ModelRows, rng: &mut StdRng, off: f64) -> ModelRows {
    let Pose { rotation, translation } = pose_of(model);
    let turn = DMat3::from_quat(DQuat::from_scaled_axis(vector(rng, 1.0).normalize() * off));
    rows_of_pose(&Pose {
        rotation: turn * rotation,
        translation: turn * translation + vector(rng, 1.0).normalize() * off,
    })
}

/// Matches of one frame: X Y Z x y 0, or X1 Y1 Z1 X2 Y2 Z2.
#[derive(Clone)]
pub(crate) struct Frame3d {
    pub(crate) rows: Vec<[f64; 6]>,
    pub(crate) truth: ModelRows,
    /// A threshold: 10 px at a focal length of 500, or 10 cm.
    pub(crate) metric: [f64; 4],
    /// How far a pose may be off for most inliers to be within the threshold.
    pub(crate) start_off: f64,
}

impl Frame3d {
    /// Of points in the camera, with noise in thresholds; so many of the first rows are outliers.
    fn of_points(kind: ModelKind, rng: &mut StdRng, points: &[DVec3], noise: f64, outliers: usize) -> Self {
        let truth = random_motion(rng, 3.0);
        let pose = pose_of(&truth);
        let metric = match kind {
            ModelKind::Pose => [0.02, 0.02, 0.02, 0.016],
            _ => [0.1; 4],
        };
        let row = |(i, camera): (usize, &DVec3)| {
            let world = pose.rotation.transpose() * (*camera - pose.translation);
            let other = if kind == ModelKind::Pose { *camera / camera.z } else { *camera };
            let far = DVec3::X * rng.random_range(20.0..60.0);
            let off = if i < outliers {
                vector(rng, 60.0) * DVec3::new(0.0, 1.0, 1.0) + far
            } else {
                vector(rng, 1.0) * noise
            };
            let second = other + off * DVec3::new(metric[2], metric[3], metric[2]);
            let third = if kind == ModelKind::Pose { 0.0 } else { second.z };
            [world.x, world.y, world.z, second.x, second.y, third]
        };
        let rows = points.iter().enumerate().map(row).collect();
        let start_off = if kind == ModelKind::Pose { 0.003 } else { 0.01 };
        Self { rows, truth, metric, start_off }
    }

    /// Of a room: points at depths of 1.5 to 5; so much of them are outliers.
    pub(crate) fn random(kind: ModelKind, rng: &mut StdRng, count: usize, noise: f64, outliers: f64) -> Self {
        let points: Vec<_> = (0..count)
            .map(|_| {
                DVec3::new(rng.random_range(-0.6..0.6), rng.random_range(-0.5..0.5), 1.0) * rng.random_range(1.5..5.0)
            })
            .collect();
        Self::of_points(kind, rng, &points, noise, (count as f64 * outliers) as usize)
    }

    /// Nearly on a line, nearly on a plane, small and far away, or with four inliers of ten.
    pub(crate) fn near_singular(kind: ModelKind, rng: &mut StdRng, shape: usize) -> Self {
        let axes = [vector(rng, 1.0).normalize(), vector(rng, 1.0).normalize()];
        let centre = DVec3::new(0.0, 0.0, 3.0);
        let thin = 10.0_f64.powf(rng.random_range(-4.0..-1.0));
        let point = |rng: &mut StdRng| match shape {
            0 => centre + axes[0] * rng.random_range(-1.0..1.0) + vector(rng, thin),
            1 => {
                centre
                    + axes[0] * rng.random_range(-1.0..1.0)
                    + axes[1] * rng.random_range(-1.0..1.0)
                    + vector(rng, thin)
            }
            2 => centre * 2.0 + vector(rng, 0.02 + 10.0 * thin),
            _ => centre + vector(rng, 1.0),
        };
        let count = if shape == 3 { 10 } else { 20 };
        let points: Vec<_> = (0..count).map(|_| point(rng)).collect();
        Self::of_points(kind, rng, &points, 0.2, if shape == 3 { 6 } else { 0 })
    }

    /// Exactly on a line.
    pub(crate) fn line(kind: ModelKind, rng: &mut StdRng, count: usize) -> Self {
        let axis = vector(rng, 1.0).normalize();
        let points: Vec<_> =
            (0..count).map(|_| DVec3::new(0.0, 0.0, 3.0) + axis * rng.random_range(-1.0..1.0)).collect();
        Self::of_points(kind, rng, &points, 0.0, 0)
    }

    pub(crate) fn is_within(&self, kind: ModelKind, model: &ModelRows, row: &[f64; 6]) -> bool {
        match kind {
            ModelKind::Rigid => Rigid::new(model, &self.metric).residual_sq(*row) < 1.0,
            _ => Reprojection::new(model, &self.metric).residual_sq(*row) < 1.0,
        }
    }
}

const COUNTS: [usize; 3] = [90, 40, 300];

/// The frames of [`batch`], with what comes after them from the generator.
fn frames(kind: ModelKind) -> ([Frame3d; 3], StdRng) {
    let mut rng = StdRng::seed_from_u64(11);
    (COUNTS.map(|count| Frame3d::random(kind, &mut rng, count, 0.4, 0.4)), rng)
}

/// The true poses of [`batch`].
pub(crate) fn truths(kind: ModelKind) -> [ModelRows; 3] {
    frames(kind).0.map(|frame| frame.truth)
}

/// Points, poses near the truth (so many a frame) and packing of three frames; a tenth of the points, and every fourth pose, wild.
pub(crate) fn batch(kind: ModelKind, hypotheses: usize, wild: bool) -> (Vec<f32>, Vec<f32>, Packing) {
    let (frames, mut rng) = frames(kind);
    let (mut points, mut starts) = (Vec::new(), Vec::new());
    for frame in &frames {
        let width = if kind == ModelKind::Pose { 5 } else { 6 };
        for row in &frame.rows {
            let is_wild = wild && rng.random_range(0.0..1.0) < 0.1;
            let share = if is_wild { 0.5 } else { 0.0 };
            points.extend(row[..width].iter().map(|x| wild_number(&mut rng, *x, share) as f32));
        }
        for h in 0..hypotheses {
            let start = moved(&frame.truth, &mut rng, frame.start_off * 0.3 * h as f64);
            let share = if wild && h % 4 == 3 { 0.2 } else { 0.0 };
            starts.extend(entries(&start).map(|x| wild_number(&mut rng, x, share) as f32));
        }
    }
    let metrics = frames.map(|frame| frame.metric.map(|m| m as f32));
    (points, starts, Packing::new(&COUNTS, &metrics).unwrap())
}
