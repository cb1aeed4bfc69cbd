//! From an estimate to what COLMAP's mappers read.

use super::candidates::Candidates;
use super::{Configuration, TwoViewGeometry};
use crate::geometry::{Camera, Model, Pose};
use crate::ransac::{Estimate, Outcome};
use glam::{DMat3, DVec3};

/// The geometry of an essential matrix; F and H are of the cameras without distortion.
pub(super) fn calibrated(
    candidates: &Candidates,
    [camera1, camera2]: [Camera; 2],
    outcome: &Outcome,
) -> TwoViewGeometry {
    let Some((estimate, Model::Essential(motion))) = with_model(outcome) else { return without(outcome) };
    let diagnosis = &estimate.diagnosis;
    let configuration = match (diagnosis.rotation_only, diagnosis.planar) {
        (true, _) => Configuration::Panoramic,
        (_, true) => Configuration::Planar,
        _ => Configuration::Calibrated,
    };
    let translation = if diagnosis.rotation_only { DVec3::ZERO } else { motion.translation };
    let essential = motion.essential();
    let fundamental = camera2.matrix().inverse().transpose() * essential * camera1.matrix().inverse();
    TwoViewGeometry {
        configuration,
        essential: Some(unit(essential)),
        fundamental: Some(unit(fundamental)),
        camera2_from_camera1: Some(Pose { rotation: motion.rotation, translation }),
        ambiguous: diagnosis.ambiguous,
        ..supported(candidates, outcome, estimate)
    }
}

/// The geometry of a fundamental matrix, of pixels as they were measured.
pub(super) fn uncalibrated(candidates: &Candidates, outcome: &Outcome) -> TwoViewGeometry {
    let Some((estimate, Model::Fundamental(fundamental))) = with_model(outcome) else { return without(outcome) };
    let planar = estimate.diagnosis.planar;
    TwoViewGeometry {
        configuration: if planar { Configuration::PlanarOrPanoramic } else { Configuration::Uncalibrated },
        fundamental: Some(unit(*fundamental)),
        ..supported(candidates, outcome, estimate)
    }
}

fn with_model(outcome: &Outcome) -> Option<(&Estimate, &Model)> {
    outcome.estimate.as_ref().map(|estimate| (estimate, &estimate.model))
}

fn without(outcome: &Outcome) -> TwoViewGeometry {
    TwoViewGeometry { iterations: outcome.iterations, ..TwoViewGeometry::default() }
}

fn supported(candidates: &Candidates, outcome: &Outcome, estimate: &Estimate) -> TwoViewGeometry {
    TwoViewGeometry {
        homography: estimate.diagnosis.homography.map(|(homography, _)| homography),
        inliers: candidates.marked(&estimate.inliers),
        score: estimate.score,
        iterations: outcome.iterations,
        ..TwoViewGeometry::default()
    }
}

fn unit(matrix: DMat3) -> DMat3 {
    let norm_sq: f64 = matrix.to_cols_array().iter().map(|entry| entry * entry).sum();
    matrix * norm_sq.sqrt().recip()
}
