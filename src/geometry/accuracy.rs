//! Pose errors, area under the recall curve, F1 and epipolar errors: how good an estimate is against the truth.

use super::{Camera, Model, Pose};
use crate::algebra::svd3::Svd3;
use crate::cpu::solve::solve_essential_5pt::{decompose_essential, is_in_front};
use glam::{DMat3, DVec2, DVec3};

/// The angle of the rotation between two rotation matrices, degrees in 0..=180.
pub fn rotation_error_deg(estimate: &DMat3, truth: &DMat3) -> f64 {
    let d = *estimate * truth.transpose();
    // 2 sin and 2 cos of the angle; unlike the arc cosine of the trace alone, exact for small angles too.
    let sine = DVec3::new(d.y_axis.z - d.z_axis.y, d.z_axis.x - d.x_axis.z, d.x_axis.y - d.y_axis.x).length();
    let cosine = d.x_axis.x + d.y_axis.y + d.z_axis.z - 1.0;
    sine.atan2(cosine).to_degrees()
}

/// The angle between two directions without regard to their sign, degrees in 0..=90.
pub fn direction_error_deg(estimate: DVec3, truth: DVec3) -> f64 {
    estimate.cross(truth).length().atan2(estimate.dot(truth).abs()).to_degrees()
}

/// The larger one of rotation error and translation direction error, degrees.
///
/// The length and the sign of the translations do not matter: two views do not determine the one, and benchmarks do not
/// count the other.
pub fn pose_error_deg(estimate: &Pose, truth: &Pose) -> f64 {
    rotation_error_deg(&estimate.rotation, &truth.rotation)
        .max(direction_error_deg(estimate.translation, truth.translation))
}

/// The distance between the camera centres of two poses camera_from_world, in the unit of the world.
pub fn position_error(estimate: &Pose, truth: &Pose) -> f64 {
    estimate.inverse().translation.distance(truth.inverse().translation)
}

/// The distance in the image between a point and the projection of its world point by a pose camera_from_world, pixels; infinite
/// for a point that is not in front of the camera.
pub fn reprojection_error_px(pose: &Pose, camera: &Camera, point_px: DVec2, point_world: DVec3) -> f64 {
    let seen = pose.transform(point_world);
    let projected = camera.project(seen.truncate() / seen.z);
    if seen.z > 0.0 { projected.distance(point_px) } else { f64::INFINITY }
}

/// Exact area under the recall curve up to `limit_deg`, divided by `limit_deg`: a fraction in 0..=1.
///
/// The curve goes through (0, 0) and (i-th smallest error, i / n), linear in between (trapezoids), and is flat from the
/// last error below the limit on. Failures are errors of infinity. Without errors the area is 0.
pub fn auc_exact(errors_deg: &[f64], limit_deg: f64) -> f64 {
    let (mut area, mut last_error, mut last_recall) = (0.0, 0.0, 0.0);
    for (rank, error) in sorted(errors_deg).into_iter().take_while(|&error| error < limit_deg).enumerate() {
        let recall = (rank + 1) as f64 / errors_deg.len() as f64;
        area += 0.5 * (recall + last_recall) * (error - last_error);
        (last_error, last_recall) = (error, recall);
    }
    (area + last_recall * (limit_deg - last_error)) / limit_deg
}

/// Width of the bins of [`auc_bins`], degrees.
pub const AUC_BIN_DEG: f64 = 5.0;

/// Mean recall at the upper ends of 5° bins up to `limit_deg` (a multiple of 5): a fraction in 0..=1.
///
/// This is the "AUC" of NG-RANSAC (Brachmann and Rother, ICCV 2019) and of the tables after it. It is never below
/// [`auc_exact`], often far above.
pub fn auc_bins(errors_deg: &[f64], limit_deg: f64) -> f64 {
    let bins = (limit_deg / AUC_BIN_DEG).round().max(1.0) as usize;
    let recall_below = |end: f64| {
        let below = errors_deg.iter().filter(|&&error| error < end).count();
        below as f64 / errors_deg.len().max(1) as f64
    };
    (1..=bins).map(|bin| recall_below(bin as f64 * AUC_BIN_DEG)).sum::<f64>() / bins as f64
}

/// The fundamental matrix `K2⁻ᵀ [t]× R K1⁻¹` of a motion camera2_from_camera1, pixels.
pub fn fundamental_of_pose(pose: &Pose, cameras: &[Camera; 2]) -> DMat3 {
    let [k1, k2] = cameras.map(|camera| camera.matrix());
    k2.inverse().transpose() * pose.essential() * k1.inverse()
}

/// The motion camera2_from_camera1, of unit translation, in a fundamental matrix: of the four poses of the essential
/// matrix closest to `K2ᵀ F K1` (equal singular values), the one with the most matches in front of both cameras.
///
/// Only matches that are inliers are asked; `inliers` has an entry a match.
pub fn pose_of_fundamental(
    fundamental: &DMat3,
    cameras: &[Camera; 2],
    points1_px: &[DVec2],
    points2_px: &[DVec2],
    inliers: &[bool],
) -> Pose {
    let [k1, k2] = cameras.map(|camera| camera.matrix());
    let essential = Svd3::new(&(k2.transpose() * *fundamental * k1)).recompose(DVec3::new(1.0, 1.0, 0.0));
    let rays: Vec<[DVec3; 2]> = (points1_px.iter().zip(points2_px).zip(inliers))
        .filter(|(_, inlier)| **inlier)
        .map(|((&p1, &p2), _)| [cameras[0].normalize(p1).extend(1.0), cameras[1].normalize(p2).extend(1.0)])
        .collect();
    let in_front = |pose: &Pose| rays.iter().filter(|[ray1, ray2]| is_in_front(pose, *ray1, *ray2)).count();
    decompose_essential(&essential).into_iter().max_by_key(in_front).unwrap_or(Pose::IDENTITY)
}

/// The motion camera2_from_camera1 of an essential or, by [`pose_of_fundamental`], a fundamental matrix; `None` of other models.
pub fn motion_of_model(
    model: &Model,
    cameras: &[Camera; 2],
    points1_px: &[DVec2],
    points2_px: &[DVec2],
    inliers: &[bool],
) -> Option<Pose> {
    match model {
        Model::Essential(motion) => Some(*motion),
        Model::Fundamental(f) => Some(pose_of_fundamental(f, cameras, points1_px, points2_px, inliers)),
        _ => None,
    }
}

/// The symmetric point-to-line distance of a match under F, pixels: the mean of the distances of each of its points to
/// the epipolar line of the other.
///
/// Infinite where a point is at its epipole, so that the line is not defined.
pub fn symmetric_epipolar_px(fundamental: &DMat3, point1_px: DVec2, point2_px: DVec2) -> f64 {
    let [distance1, distance2] = epipolar_distances_px(fundamental, point1_px, point2_px);
    let mean = 0.5 * (distance1 + distance2);
    if mean.is_nan() { f64::INFINITY } else { mean }
}

/// The larger one of the distances of a match's points to the epipolar lines of each other under F, pixels.
///
/// Infinite where a point is at its epipole, so that the line is not defined.
pub fn farther_epipolar_px(fundamental: &DMat3, point1_px: DVec2, point2_px: DVec2) -> f64 {
    let [distance1, distance2] = epipolar_distances_px(fundamental, point1_px, point2_px);
    if distance1.is_nan() || distance2.is_nan() { f64::INFINITY } else { distance1.max(distance2) }
}

/// In image 1 and in image 2; NaN or infinite at an epipole.
fn epipolar_distances_px(fundamental: &DMat3, point1_px: DVec2, point2_px: DVec2) -> [f64; 2] {
    let line2 = *fundamental * point1_px.extend(1.0);
    let line1 = fundamental.transpose() * point2_px.extend(1.0);
    let algebraic = point2_px.extend(1.0).dot(line2).abs();
    [line1, line2].map(|line| algebraic / line.truncate().length())
}

/// Harmonic mean of precision and recall of an inlier mask against the true one, 0..=1; 0 when they share none.
pub fn f1_score(estimate: &[bool], truth: &[bool]) -> f64 {
    let pairs = || estimate.iter().zip(truth);
    let both = pairs().filter(|(e, t)| **e && **t).count();
    let either = pairs().map(|(e, t)| usize::from(*e) + usize::from(*t)).sum::<usize>();
    if both == 0 { 0.0 } else { 2.0 * both as f64 / either as f64 }
}

/// The median; of an even number of values the mean of the middle two. `None` without values.
pub fn median(values: &[f64]) -> Option<f64> {
    let sorted = sorted(values);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    Some(if sorted.len() % 2 == 1 { upper } else { 0.5 * (sorted.get(middle - 1)? + upper) })
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}
