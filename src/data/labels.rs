//! Which matches are right, by the true motion.

use super::PairRecord;
use crate::geometry::Matches;
use crate::geometry::accuracy::{farther_epipolar_px, fundamental_of_pose};

/// A match is right when both its points lie closer than this to their true epipolar lines, pixels.
pub const RIGHT_PX: f64 = 1.0;

impl PairRecord {
    /// Whether each match is right: both points within [`RIGHT_PX`] of their true epipolar lines. `None` where the true
    /// motion or the cameras are not known.
    pub fn right_matches(&self) -> Option<Vec<bool>> {
        let Matches::TwoView { points1_px, points2_px, cameras: Some(cameras) } = &self.matches else { return None };
        let fundamental = fundamental_of_pose(self.truth.as_ref()?, cameras);
        let points = points1_px.iter().zip(points2_px);
        Some(points.map(|(&p1, &p2)| farther_epipolar_px(&fundamental, p1, p2) < RIGHT_PX).collect())
    }
}
