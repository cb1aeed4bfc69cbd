//! From an estimate to what COLMAP's mappers read.

use super::candidates::Candidates;
use super::{Configuration, TwoViewGeometry};
use crate::geometry::accuracy::fundamental_of_pose;
use crate::geometry::{Camera, Model, Pose};
use crate::ransac::{Diagnosis, Outcome};
use glam::{DMat3, DVec3};

/// The geometry of an outcome. Where the cameras are known the matrices are of pixels without distortion, else of pixels as they
/// were measured.
pub(super) fn geometry(candidates: &Candidates, outcome: &Outcome) -> TwoViewGeometry {
    let Some(estimate) = &outcome.estimate else {
        return TwoViewGeometry { iterations: outcome.iterations, ..TwoViewGeometry::default() };
    };
    let supported = TwoViewGeometry {
        homography: estimate.diagnosis.homography.map(|(homography, _)| homography),
        inliers: candidates.marked(&estimate.inliers),
        score: estimate.score,
        iterations: outcome.iterations,
        ambiguous: estimate.diagnosis.ambiguous,
        ..TwoViewGeometry::default()
    };
    match (&estimate.model, candidates.cameras) {
        (Model::Essential(motion), Some(cameras)) => calibrated(supported, &estimate.diagnosis, motion, &cameras),
        (Model::Fundamental(fundamental), _) => uncalibrated(supported, &estimate.diagnosis, fundamental),
        _ => supported,
    }
}

fn calibrated(supported: TwoViewGeometry, seen: &Diagnosis, motion: &Pose, cameras: &[Camera; 2]) -> TwoViewGeometry {
    let configuration = match (seen.rotation_only, seen.planar) {
        (true, _) => Configuration::Panoramic,
        (_, true) => Configuration::Planar,
        _ => Configuration::Calibrated,
    };
    let translation = if seen.rotation_only { DVec3::ZERO } else { motion.translation };
    TwoViewGeometry {
        configuration,
        essential: Some(unit(&motion.essential())),
        fundamental: Some(unit(&fundamental_of_pose(motion, cameras))),
        camera2_from_camera1: Some(Pose { rotation: motion.rotation, translation }),
        ..supported
    }
}

fn uncalibrated(supported: TwoViewGeometry, seen: &Diagnosis, fundamental: &DMat3) -> TwoViewGeometry {
    let configuration = if seen.planar { Configuration::PlanarOrPanoramic } else { Configuration::Uncalibrated };
    TwoViewGeometry { configuration, fundamental: Some(unit(fundamental)), ..supported }
}

fn unit(matrix: &DMat3) -> DMat3 {
    let norm_sq: f64 = matrix.to_cols_array().iter().map(|entry| entry * entry).sum();
    *matrix * norm_sq.sqrt().recip()
}
