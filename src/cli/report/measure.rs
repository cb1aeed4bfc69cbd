//! One estimate against the truth of its pair.

use crate::data::PairRecord;
use crate::geometry::accuracy::{direction_error_deg, f1_score, median, pose_error_deg, rotation_error_deg};
use crate::geometry::accuracy::{fundamental_of_pose, motion_of_model, symmetric_epipolar_px};
use crate::geometry::ranking::{auroc, average_precision};
use crate::geometry::{Matches, Model};
use glam::{DMat3, DVec2};

/// Of the matches of one pair: how many are right, and how well the sampler's quality of each tells them from the wrong.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ranking {
    /// Share of right matches; `None` where the truth is not known.
    pub(crate) right_share: Option<f64>,
    /// `None` where there is no quality, or no right or no wrong match.
    pub(crate) auroc: Option<f64>,
    pub(crate) average_precision: Option<f64>,
}

impl Ranking {
    pub(crate) fn of(record: &PairRecord, quality: Option<&[f32]>) -> Self {
        let Some(right) = record.right_matches() else { return Self::default() };
        let count = right.iter().filter(|&&right| right).count();
        Self {
            right_share: Some(count as f64 / right.len().max(1) as f64),
            auroc: quality.and_then(|quality| auroc(quality, &right)),
            average_precision: quality.and_then(|quality| average_precision(quality, &right)),
        }
    }
}

/// A match is an inlier of a fundamental matrix, for the F1 score, below this symmetric point-to-line distance.
pub(crate) const INLIER_PX: f64 = 1.0;

/// Errors of one estimate; infinite or zero where none was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Accuracy {
    pub(crate) pose_error_deg: f64,
    pub(crate) rotation_error_deg: f64,
    pub(crate) translation_error_deg: f64,
    pub(crate) epipolar: EpipolarAccuracy,
}

/// How well an epipolar geometry fits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EpipolarAccuracy {
    /// F1 of the inliers below [`INLIER_PX`] under the estimate against those under the truth.
    pub(crate) f1: f64,
    /// Median symmetric distance of the true inliers under the estimate, pixels.
    pub(crate) median_px: f64,
}

impl Accuracy {
    /// Of a pair for which no model was found.
    pub(crate) const FAILURE: Self = Self {
        pose_error_deg: f64::INFINITY,
        rotation_error_deg: f64::INFINITY,
        translation_error_deg: f64::INFINITY,
        epipolar: EpipolarAccuracy { f1: 0.0, median_px: f64::INFINITY },
    };

    /// Whether the pair's true motion and its cameras are known.
    pub(crate) const fn is_defined_for(record: &PairRecord) -> bool {
        record.truth.is_some() && matches!(record.matches, Matches::TwoView { cameras: Some(_), .. })
    }

    /// Of an essential or fundamental matrix of this pair; `None` unless [`Self::is_defined_for`] it.
    pub(crate) fn of(model: &Model, inliers: &[bool], record: &PairRecord) -> Option<Self> {
        let truth = record.truth.as_ref()?;
        let Matches::TwoView { points1_px, points2_px, cameras: Some(cameras) } = &record.matches else { return None };
        let motion = motion_of_model(model, cameras, points1_px, points2_px, inliers)?;
        let fundamental = match model {
            Model::Fundamental(f) => *f,
            _ => fundamental_of_pose(&motion, cameras),
        };
        Some(Self {
            pose_error_deg: pose_error_deg(&motion, truth),
            rotation_error_deg: rotation_error_deg(&motion.rotation, &truth.rotation),
            translation_error_deg: direction_error_deg(motion.translation, truth.translation),
            epipolar: epipolar_accuracy(&fundamental, &fundamental_of_pose(truth, cameras), points1_px, points2_px),
        })
    }
}

fn epipolar_accuracy(estimate: &DMat3, truth: &DMat3, points1_px: &[DVec2], points2_px: &[DVec2]) -> EpipolarAccuracy {
    let distances = |f: &DMat3| -> Vec<f64> {
        points1_px.iter().zip(points2_px).map(|(&point1, &point2)| symmetric_epipolar_px(f, point1, point2)).collect()
    };
    let inliers = |distances: &[f64]| -> Vec<bool> { distances.iter().map(|&distance| distance < INLIER_PX).collect() };
    let estimated = distances(estimate);
    let true_inliers = inliers(&distances(truth));
    let of_true: Vec<f64> =
        estimated.iter().zip(&true_inliers).filter(|(_, inlier)| **inlier).map(|(&d, _)| d).collect();
    EpipolarAccuracy {
        f1: f1_score(&inliers(&estimated), &true_inliers),
        median_px: median(&of_true).unwrap_or(f64::INFINITY),
    }
}
