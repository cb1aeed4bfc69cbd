use super::{Camera, ModelKind};
use crate::{Error, Result};
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

impl Matches {
    /// How many there are; for sides of different lengths that of the first.
    pub const fn len(&self) -> usize {
        match self {
            Self::TwoView { points1_px, .. } => points1_px.len(),
            Self::ImageWorld { points_px, .. } => points_px.len(),
            Self::WorldWorld { points1, .. } => points1.len(),
        }
    }

    /// How many points the second side has; the same in matches that are well-formed.
    pub const fn second_len(&self) -> usize {
        match self {
            Self::TwoView { points2_px, .. } => points2_px.len(),
            Self::ImageWorld { points_world, .. } => points_world.len(),
            Self::WorldWorld { points2, .. } => points2.len(),
        }
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Borrows them for a model.
    ///
    /// # Errors
    /// [`Error::MissingInput`] when they are not the matches of this model, or a camera that it needs is missing.
    pub fn view(&self, kind: ModelKind) -> Result<MatchesView<'_>> {
        let missing = |missing| Err(Error::MissingInput { option: wanted_by(kind), missing });
        match (kind, self) {
            (ModelKind::Essential, Self::TwoView { points1_px, points2_px, cameras }) => match *cameras {
                Some([camera1, camera2]) => Ok(MatchesView::Essential { points1_px, points2_px, camera1, camera2 }),
                None => missing("the intrinsics of both cameras"),
            },
            (ModelKind::Fundamental, Self::TwoView { points1_px, points2_px, .. }) => {
                Ok(MatchesView::Fundamental { points1_px, points2_px })
            }
            (ModelKind::Homography, Self::TwoView { points1_px, points2_px, .. }) => {
                Ok(MatchesView::Homography { points1_px, points2_px })
            }
            (ModelKind::Pose, Self::ImageWorld { points_px, points_world, camera }) => match *camera {
                Some(camera) => Ok(MatchesView::Pose { points_px, points_world, camera }),
                None => missing("the intrinsics of the camera"),
            },
            (ModelKind::Rigid, Self::WorldWorld { points1, points2 }) => Ok(MatchesView::Rigid { points1, points2 }),
            (ModelKind::Pose, _) => missing("2-D to 3-D matches"),
            (ModelKind::Rigid, _) => missing("3-D to 3-D matches"),
            (ModelKind::Essential | ModelKind::Fundamental | ModelKind::Homography, _) => missing("2-D to 2-D matches"),
        }
    }

    /// The matches at these indices, in this order; indices out of range are left out.
    pub fn select(&self, indices: &[usize]) -> Self {
        match self {
            Self::TwoView { points1_px, points2_px, cameras } => Self::TwoView {
                points1_px: pick(points1_px, indices),
                points2_px: pick(points2_px, indices),
                cameras: *cameras,
            },
            Self::ImageWorld { points_px, points_world, camera } => Self::ImageWorld {
                points_px: pick(points_px, indices),
                points_world: pick(points_world, indices),
                camera: *camera,
            },
            Self::WorldWorld { points1, points2 } => {
                Self::WorldWorld { points1: pick(points1, indices), points2: pick(points2, indices) }
            }
        }
    }
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

/// What needs the input, for messages.
const fn wanted_by(kind: ModelKind) -> &'static str {
    match kind {
        ModelKind::Essential => "the essential model",
        ModelKind::Fundamental => "the fundamental model",
        ModelKind::Homography => "the homography model",
        ModelKind::Pose => "the pose model",
        ModelKind::Rigid => "the rigid model",
    }
}

/// The values at these indices, in this order; indices out of range are left out.
pub(crate) fn pick<T: Copy>(values: &[T], indices: &[usize]) -> Vec<T> {
    indices.iter().filter_map(|&index| values.get(index).copied()).collect()
}
