use super::{Camera, ModelKind};
use glam::{DVec2, DVec3};

/// Tentative matches of one problem, borrowed; the variant says which model they are for.
///
/// Both slices of a variant have one entry a match.
#[derive(Clone, Copy, Debug)]
pub enum MatchesView<'a> {
    /// Two calibrated views.
    Essential {
        /// Points in image 1, pixels.
        points1_px: &'a [DVec2],
        /// Points in image 2, pixels.
        points2_px: &'a [DVec2],
        /// Camera of image 1.
        camera1: Camera,
        /// Camera of image 2.
        camera2: Camera,
    },
    /// Two uncalibrated views.
    Fundamental {
        /// Points in image 1, pixels.
        points1_px: &'a [DVec2],
        /// Points in image 2, pixels.
        points2_px: &'a [DVec2],
    },
    /// Two views of a plane, or from one centre.
    Homography {
        /// Points in image 1, pixels.
        points1_px: &'a [DVec2],
        /// Points in image 2, pixels.
        points2_px: &'a [DVec2],
    },
    /// A calibrated view of known 3-D points.
    Pose {
        /// Points in the image, pixels.
        points_px: &'a [DVec2],
        /// The same points in the world, any unit.
        points_world: &'a [DVec3],
        /// The camera.
        camera: Camera,
    },
    /// Two 3-D point sets.
    Rigid {
        /// Points in frame 1, any unit.
        points1: &'a [DVec3],
        /// Points in frame 2, the same unit.
        points2: &'a [DVec3],
    },
}

/// Same as [`MatchesView`], for the matches of a file: owned.
#[derive(Clone, Debug, PartialEq)]
pub enum Matches {
    /// Two views, pixels; the cameras where they are known.
    TwoView {
        /// Points in image 1, pixels.
        points1_px: Vec<DVec2>,
        /// Points in image 2, pixels.
        points2_px: Vec<DVec2>,
        /// Cameras of image 1 and 2.
        cameras: Option<[Camera; 2]>,
    },
    /// One view of known 3-D points.
    ImageWorld {
        /// Points in the image, pixels.
        points_px: Vec<DVec2>,
        /// Points in the world.
        points_world: Vec<DVec3>,
        /// The camera where it is known.
        camera: Option<Camera>,
    },
    /// Two 3-D point sets.
    WorldWorld {
        /// Points in frame 1.
        points1: Vec<DVec3>,
        /// Points in frame 2.
        points2: Vec<DVec3>,
    },
}

impl MatchesView<'_> {
    /// The model these matches are for.
    pub const fn kind(&self) -> ModelKind {
        match self {
            Self::Essential { .. } => ModelKind::Essential,
            Self::Fundamental { .. } => ModelKind::Fundamental,
            Self::Homography { .. } => ModelKind::Homography,
            Self::Pose { .. } => ModelKind::Pose,
            Self::Rigid { .. } => ModelKind::Rigid,
        }
    }

    /// The lengths of the two sides, which must agree.
    pub const fn lengths(&self) -> [usize; 2] {
        match self {
            Self::Essential { points1_px, points2_px, .. }
            | Self::Fundamental { points1_px, points2_px }
            | Self::Homography { points1_px, points2_px } => [points1_px.len(), points2_px.len()],
            Self::Pose { points_px, points_world, .. } => [points_px.len(), points_world.len()],
            Self::Rigid { points1, points2 } => [points1.len(), points2.len()],
        }
    }
}
