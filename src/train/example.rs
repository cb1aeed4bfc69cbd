use super::initialisation::MatchTruth;
use crate::data::PairRecord;
use crate::geometry::accuracy::fundamental_of_pose;
use crate::geometry::{Camera, Matches, Pose};
use crate::network::{Features, NetworkConfig};
use crate::{Error, Result};
use glam::{DMat3, DVec2};

/// A match is a true inlier when both its points lie this close to their true epipolar lines, pixels.
pub const INLIER_PX: f64 = 1.0;

/// An image pair to learn from: what the network sees, and the truth.
#[derive(Clone, Debug)]
pub struct Example {
    /// What the network sees.
    pub features: Features,
    /// The truth about each match.
    pub truth: MatchTruth,
    /// The true motion camera2_from_camera1.
    pub motion: Pose,
    /// The cameras.
    pub cameras: [Camera; 2],
    /// The pair.
    pub record: PairRecord,
}

impl Example {
    /// Of a pair with its true motion and both cameras.
    ///
    /// # Errors
    /// [`Error::MissingInput`] when one of these is missing; otherwise those of [`Features::new`].
    pub fn new(record: PairRecord, config: &NetworkConfig) -> Result<Self> {
        let missing = |missing| Error::MissingInput { option: "training", missing };
        let motion = record.truth.ok_or_else(|| missing("the true motion"))?;
        let Matches::TwoView { points1_px, points2_px, cameras: Some(cameras) } = &record.matches else {
            return Err(missing("two views with their cameras"));
        };
        let cameras = *cameras;
        let truth = match_truth(&fundamental_of_pose(&motion, &cameras), points1_px, points2_px);
        let features = Features::new(&record.rank_input(config.model)?, config)?;
        Ok(Self { features, truth, motion, cameras, record })
    }
}

fn match_truth(fundamental: &DMat3, points1_px: &[DVec2], points2_px: &[DVec2]) -> MatchTruth {
    let each = |(&point1, &point2): (&DVec2, &DVec2)| {
        let line2 = *fundamental * point1.extend(1.0);
        let line1 = fundamental.transpose() * point2.extend(1.0);
        let algebraic_sq = point2.extend(1.0).dot(line2).powi(2);
        let norms_sq = [line1, line2].map(|line| line.truncate().length_squared());
        let sampson_sq = algebraic_sq / (norms_sq[0] + norms_sq[1]);
        let larger_sq = algebraic_sq / norms_sq[0].min(norms_sq[1]);
        // at an epipole both are 0 / 0: of no inlier
        let far = |value: f64| if value.is_nan() { f32::MAX } else { value as f32 };
        (far(sampson_sq), larger_sq < INLIER_PX * INLIER_PX)
    };
    let (residual_sq_px, is_inlier) = points1_px.iter().zip(points2_px).map(each).unzip();
    MatchTruth { residual_sq_px, is_inlier }
}
