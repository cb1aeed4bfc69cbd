//! How sure a pose is.

use super::ScenePoints;
use crate::algebra::linear::solve_positive_definite;
use crate::geometry::{Intrinsics, Pose, cross_matrix};
use glam::{DMat3, DVec2, DVec3};
use std::collections::BTreeMap;

/// A covariance over six numbers: the rotation as a vector in the camera's frame, radians, and the camera's centre in the world, in its
/// unit.
pub type PoseCovariance = [[f64; 6]; 6];

/// Cells along each side of a block whose errors are taken to go together: neighbouring cells see much of the same, and recall the
/// same keys.
const BLOCK: usize = 6;

/// The covariance of a pose that was fitted to its inliers: H⁻¹ (Σ g gᵀ) H⁻¹ with H = JᵀJ and g = Jᵀr summed over each block of cells,
/// the estimate that holds whatever the errors within a block have in common (Liang and Zeger, Biometrika 1986).
///
/// `None` with inliers in fewer than four blocks, or where they leave the pose open.
pub(super) fn covariance(
    pose: &Pose,
    points: &ScenePoints,
    inliers: &[bool],
    camera: &Intrinsics,
) -> Option<PoseCovariance> {
    let focal_px = camera.pinhole().focal_px;
    let mut normal = [[0.0; 6]; 6];
    let mut blocks: BTreeMap<[usize; 2], [f64; 6]> = BTreeMap::new();
    for (cell, _) in inliers.iter().enumerate().filter(|(_, inlier)| **inlier) {
        let seen = camera.undistort(points.grid.centre_px(cell))?;
        let in_camera = pose.transform(points.points_world[cell]);
        let residual_px = (in_camera.truncate() / in_camera.z - seen) * focal_px;
        let place = [cell % points.grid.columns, cell / points.grid.columns].map(|place| place / BLOCK);
        let of_block = blocks.entry(place).or_default();
        for (row, residual) in jacobian_px(pose, in_camera, focal_px).iter().zip(residual_px.to_array()) {
            for (i, entries) in normal.iter_mut().enumerate() {
                entries.iter_mut().zip(row).for_each(|(entry, x)| *entry += row[i] * x);
                of_block[i] += row[i] * residual;
            }
        }
    }
    if blocks.len() < 4 {
        return None;
    }
    // of few blocks the residuals are smaller than the errors, as the pose was fitted to them
    let unbias = blocks.len() as f64 / (blocks.len() as f64 - 3.0);
    let mut covariance = [[0.0; 6]; 6];
    for gradient in blocks.values() {
        let moved = solve_positive_definite(&normal, gradient)?;
        for (row, a) in covariance.iter_mut().zip(&moved) {
            row.iter_mut().zip(&moved).for_each(|(entry, b)| *entry += unbias * a * b);
        }
    }
    covariance.iter().flatten().all(|x| x.is_finite()).then_some(covariance)
}

/// Of the pixel (rows x, y) by a rotation of the camera's frame, then by its centre: p = exp(ω) R (X − c).
fn jacobian_px(pose: &Pose, in_camera: DVec3, focal_px: DVec2) -> [[f64; 6]; 2] {
    let [by_rotation, by_centre] = [-cross_matrix(in_camera), -pose.rotation];
    let inverse = 1.0 / in_camera.z;
    [0, 1].map(|axis| {
        let mut by_point = DVec3::ZERO;
        by_point[axis] = focal_px[axis] * inverse;
        by_point.z = -focal_px[axis] * in_camera[axis] * inverse * inverse;
        let row = |by: &DMat3| by.transpose() * by_point;
        let [r, c] = [row(&by_rotation), row(&by_centre)];
        [r.x, r.y, r.z, c.x, c.y, c.z]
    })
}

/// Of what the map is sure of, cells by their weights, the share that agrees with the pose: 0..=1.
pub(super) fn agreement(weights: &[f32], inliers: &[bool]) -> f64 {
    let total: f64 = weights.iter().map(|&weight| f64::from(weight)).sum();
    let agreeing = weights.iter().zip(inliers).filter(|(_, inlier)| **inlier).map(|(&weight, _)| f64::from(weight));
    if total > 0.0 { agreeing.sum::<f64>() / total } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{Camera, CellGrid};
    use glam::DQuat;

    #[test]
    fn the_jacobian_is_that_of_central_differences() {
        let rotation = DMat3::from_quat(DQuat::from_scaled_axis(DVec3::new(0.3, -0.2, 0.5)));
        let (centre, point, focal) = (DVec3::new(0.4, -1.0, 0.2), DVec3::new(1.1, 0.7, 4.0), DVec2::new(500.0, 520.0));
        let pixel = |v: [f64; 6]| {
            let turned = DMat3::from_quat(DQuat::from_scaled_axis(DVec3::from_slice(&v[..3]))) * rotation;
            let p = turned * (point - centre - DVec3::from_slice(&v[3..]));
            focal * p.truncate() / p.z
        };
        let pose = Pose { rotation, translation: -(rotation * centre) };
        let found = jacobian_px(&pose, pose.transform(point), focal);
        for k in 0..6 {
            let step = |h: f64| std::array::from_fn(|i| if i == k { h } else { 0.0 });
            let numeric = (pixel(step(1e-6)) - pixel(step(-1e-6))) / 2e-6;
            for axis in 0..2 {
                assert!((numeric[axis] - found[axis][k]).abs() < 1e-3, "{k} {axis}");
            }
        }
    }

    #[test]
    fn the_covariance_grows_with_the_noise_and_one_corner_has_none() {
        let camera = Camera { focal_px: DVec2::splat(100.0), principal_point_px: DVec2::splat(128.0), skew_px: 0.0 };
        let grid = CellGrid::new([256, 256]);
        let points = |noise: f64| ScenePoints {
            grid,
            points_world: grid
                .centres_px()
                .enumerate()
                .map(|(i, centre)| {
                    let shift = DVec2::new((i as f64 * 12.9).sin(), (i as f64 * 78.2).cos()) * noise;
                    camera.normalize(centre + shift).extend(1.0) * (2.0 + (i as f64).sin())
                })
                .collect(),
            spreads: vec![0.0; grid.len()],
        };
        let variance = |noise: f64, inliers: &[bool]| {
            covariance(&Pose::IDENTITY, &points(noise), inliers, &Intrinsics::Pinhole(camera)).map(|c| c[4][4])
        };
        let all = vec![true; 1024];
        let ratio = variance(0.2, &all).unwrap() / variance(0.1, &all).unwrap();
        assert!((ratio - 4.0).abs() < 0.1, "{ratio}");
        let three: Vec<bool> = (0..1024).map(|i| i < 3).collect();
        assert_eq!(variance(0.1, &three), None);
        assert!((agreement(&[1.0, 0.5, 0.5], &[true, false, true]) - 0.75).abs() < 1e-9);
        assert_eq!(agreement(&[], &[]), 0.0);
    }
}
