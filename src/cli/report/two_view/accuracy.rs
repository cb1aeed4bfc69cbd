//! One motion or fundamental matrix against the truth of its pair.

use super::figures::TwoViewFigures;
use crate::ModelKind;
use crate::cli::plot::canvas::{BLUE, GREEN, VERMILLION};
use crate::cli::plot::curves::Panel;
use crate::cli::report::accuracy::Accuracy;
use crate::cli::report::pair_result::{PairResult, finite};
use crate::data::{PairRecord, Scene};
use crate::geometry::accuracy::{direction_error_deg, f1_score, median, pose_error_deg, rotation_error_deg};
use crate::geometry::accuracy::{fundamental_of_pose, motion_of_model, symmetric_epipolar_px};
use crate::geometry::{Matches, Model, Pose};
use glam::{DMat3, DVec2};

/// A match is an inlier of a fundamental matrix, for the F1 score, below this symmetric point-to-line distance.
pub(super) const INLIER_PX: f64 = 1.0;

/// Right ends of the axes that are drawn.
const MAX_ERROR_DEG: f64 = 20.0;
const MAX_EPIPOLAR_PX: f64 = 3.0;

/// Errors of one estimate; infinite or zero where none was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TwoViewAccuracy {
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

impl Accuracy for TwoViewAccuracy {
    type Facts = ();
    type Figures = TwoViewFigures;

    const FAILURE: Self = Self {
        pose_error_deg: f64::INFINITY,
        rotation_error_deg: f64::INFINITY,
        translation_error_deg: f64::INFINITY,
        epipolar: EpipolarAccuracy { f1: 0.0, median_px: f64::INFINITY },
    };

    const NEEDED: &'static str = "image pairs with their true motion (R, t) and both cameras (K1, K2)";

    fn is_defined_for(record: &PairRecord) -> bool {
        record.truth.is_some() && matches!(record.matches, Matches::TwoView { cameras: Some(_), .. })
    }

    fn facts(_: &Scene, _: &[Pose]) {}

    fn of(model: &Model, inliers: &[bool], record: &PairRecord, (): &()) -> Option<Self> {
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

    fn true_model(kind: ModelKind, record: &PairRecord) -> Option<Model> {
        let Matches::TwoView { cameras: Some(cameras), .. } = &record.matches else { return None };
        let truth = record.truth.as_ref()?;
        Some(match kind {
            ModelKind::Fundamental => Model::Fundamental(fundamental_of_pose(truth, cameras)),
            _ => Model::Essential(*truth),
        })
    }

    fn right_matches(record: &PairRecord) -> Option<Vec<bool>> {
        record.right_matches()
    }

    fn error_deg(&self) -> f64 {
        self.pose_error_deg
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("pose_error_deg", finite(self.pose_error_deg)),
            ("f1_percent", (100.0 * self.epipolar.f1).to_string()),
            ("median_epipolar_px", finite(self.epipolar.median_px)),
        ]
    }

    fn panels(kind: ModelKind, results: &[PairResult<Self>]) -> [Panel; 2] {
        let errors = |of: fn(&Self) -> f64| results.iter().map(|result| of(&result.accuracy)).collect();
        let pose = Panel {
            title: format!("Pose error of {} pairs, {} matrix", results.len(), kind.name()),
            unit: "error, degrees".to_owned(),
            limit: MAX_ERROR_DEG,
            curves: vec![
                ("rotation", GREEN, errors(|accuracy| accuracy.rotation_error_deg)),
                ("translation direction", VERMILLION, errors(|accuracy| accuracy.translation_error_deg)),
                ("pose (the larger one)", BLUE, errors(|accuracy| accuracy.pose_error_deg)),
            ],
        };
        let epipolar = Panel {
            title: "Symmetric epipolar error".to_owned(),
            unit: "error, pixels".to_owned(),
            limit: MAX_EPIPOLAR_PX,
            curves: vec![("median of a pair's true inliers", BLUE, errors(|accuracy| accuracy.epipolar.median_px))],
        };
        [pose, epipolar]
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
