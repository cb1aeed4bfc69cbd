//! One pose against the truth of its query.

use super::figures::PoseFigures;
use super::scene::PoseScene;
use crate::cli::plot::canvas::{BLUE, VERMILLION};
use crate::cli::plot::curves::Panel;
use crate::cli::report::accuracy::Accuracy;
use crate::cli::report::pair_result::{PairResult, finite};
use crate::data::{PairRecord, Scene};
use crate::geometry::accuracy::{f1_score, median, position_error, reprojection_error_px, rotation_error_deg};
use crate::geometry::{Matches, Model};
use crate::{ModelKind, Pose};

/// A match is right, and counts for the F1 score, below this reprojection error; surveyed cameras are no better than a pixel.
pub(super) const RIGHT_PX: f64 = 3.0;

/// Right ends of the axes that are drawn.
const MAX_ROTATION_DEG: f64 = 0.5;
const MAX_POSITION_PERCENT: f64 = 0.5;

/// Errors of one estimate; infinite or zero where none was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PoseAccuracy {
    pub(super) rotation_error_deg: f64,
    /// Distance between the camera centres, in the scene's unit.
    pub(super) position_error: f64,
    /// The same in percent of the distance between the scene's farthest cameras.
    pub(super) position_percent: f64,
    /// Matches that the estimate holds for inliers.
    pub(super) inliers: usize,
    /// F1 of the inliers below [`RIGHT_PX`] under the estimate against those under the truth.
    pub(super) f1: f64,
    /// Median reprojection error of the right matches under the estimate, pixels.
    pub(super) median_px: f64,
}

impl Accuracy for PoseAccuracy {
    type Facts = PoseScene;
    type Figures = PoseFigures;

    const FAILURE: Self = Self {
        rotation_error_deg: f64::INFINITY,
        position_error: f64::INFINITY,
        position_percent: f64::INFINITY,
        inliers: 0,
        f1: 0.0,
        median_px: f64::INFINITY,
    };
    const NEEDED: &'static str = "2-D to 3-D matches with their true pose (R, t) and camera (K)";

    fn is_defined_for(record: &PairRecord) -> bool {
        record.truth.is_some() && matches!(record.matches, Matches::ImageWorld { camera: Some(_), .. })
    }

    fn facts(scene: &Scene, truths: &[Pose]) -> PoseScene {
        PoseScene::of(scene, truths)
    }

    fn of(model: &Model, inliers: &[bool], record: &PairRecord, scene: &PoseScene) -> Option<Self> {
        let (Model::Pose(pose), Some(truth)) = (model, &record.truth) else { return None };
        let errors_px = reprojection_errors_px(pose, record)?;
        let right = is_right(&reprojection_errors_px(truth, record)?);
        let of_right: Vec<f64> = errors_px.iter().zip(&right).filter(|(_, right)| **right).map(|(&e, _)| e).collect();
        let position_error = position_error(pose, truth);
        Some(Self {
            rotation_error_deg: rotation_error_deg(&pose.rotation, &truth.rotation),
            position_error,
            position_percent: 100.0 * position_error / scene.extent,
            inliers: inliers.iter().filter(|&&inlier| inlier).count(),
            f1: f1_score(&is_right(&errors_px), &right),
            median_px: median(&of_right).unwrap_or(f64::INFINITY),
        })
    }

    fn true_model(_: ModelKind, record: &PairRecord) -> Option<Model> {
        record.truth.map(Model::Pose)
    }

    fn right_matches(record: &PairRecord) -> Option<Vec<bool>> {
        Some(is_right(&reprojection_errors_px(record.truth.as_ref()?, record)?))
    }

    fn error_deg(&self) -> f64 {
        self.rotation_error_deg
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("rotation_error_deg", finite(self.rotation_error_deg)),
            ("position_error", finite(self.position_error)),
            ("position_percent", finite(self.position_percent)),
            ("inliers", self.inliers.to_string()),
            ("f1_percent", (100.0 * self.f1).to_string()),
            ("median_reprojection_px", finite(self.median_px)),
        ]
    }

    fn panels(_: ModelKind, results: &[PairResult<Self>]) -> [Panel; 2] {
        let errors = |of: fn(&Self) -> f64| results.iter().map(|result| of(&result.accuracy)).collect();
        let rotation = Panel {
            title: format!("Rotation error of {} poses", results.len()),
            unit: "error, degrees".to_owned(),
            limit: MAX_ROTATION_DEG,
            curves: vec![("rotation", BLUE, errors(|accuracy| accuracy.rotation_error_deg))],
        };
        let position = Panel {
            title: "Position error".to_owned(),
            unit: "error, % of the distance between the farthest cameras".to_owned(),
            limit: MAX_POSITION_PERCENT,
            curves: vec![("camera centre", VERMILLION, errors(|accuracy| accuracy.position_percent))],
        };
        [rotation, position]
    }
}

/// Of every match; `None` where the camera is not known.
fn reprojection_errors_px(pose: &Pose, record: &PairRecord) -> Option<Vec<f64>> {
    let Matches::ImageWorld { points_px, points_world, camera: Some(camera) } = &record.matches else { return None };
    let pairs = points_px.iter().zip(points_world);
    Some(pairs.map(|(&point, &world)| reprojection_error_px(pose, camera, point, world)).collect())
}

fn is_right(errors_px: &[f64]) -> Vec<bool> {
    errors_px.iter().map(|&error| error < RIGHT_PX).collect()
}
