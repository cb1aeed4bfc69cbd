use super::Pose;
use glam::DMat3;

/// What is estimated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "network", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "lowercase"))]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum ModelKind {
    /// Relative pose of two calibrated cameras.
    Essential,
    /// Epipolar geometry of two uncalibrated cameras.
    Fundamental,
    /// Plane-to-plane mapping, or rotation about the camera centre.
    Homography,
    /// Pose of a calibrated camera from 2-D to 3-D matches.
    Pose,
    /// Rotation and translation between two 3-D point sets.
    Rigid,
}

impl ModelKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Essential, Self::Fundamental, Self::Homography, Self::Pose, Self::Rigid];

    /// Its name in lower case, as on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Essential => "essential",
            Self::Fundamental => "fundamental",
            Self::Homography => "homography",
            Self::Pose => "pose",
            Self::Rigid => "rigid",
        }
    }

    /// Matches in a minimal sample.
    pub const fn sample_size(self) -> usize {
        match self {
            Self::Essential => 5,
            Self::Fundamental => 7,
            Self::Homography => 4,
            Self::Pose | Self::Rigid => 3,
        }
    }

    /// The most models that one minimal sample gives.
    pub const fn max_solutions(self) -> usize {
        match self {
            Self::Essential => 10,
            Self::Fundamental => 3,
            Self::Homography | Self::Rigid => 1,
            Self::Pose => 4,
        }
    }
}

/// An estimated model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Model {
    /// camera2_from_camera1 with unit translation; [`Pose::essential`] gives the matrix.
    Essential(Pose),
    /// F in pixels with `x2ᵀ F x1 = 0`, Frobenius norm 1.
    Fundamental(DMat3),
    /// H in pixels with `x2 ~ H x1`, Frobenius norm 1 and positive on the inliers' depths.
    Homography(DMat3),
    /// camera_from_world.
    Pose(Pose),
    /// points2_from_points1.
    Rigid(Pose),
}

impl Model {
    /// Which kind it is.
    pub const fn kind(&self) -> ModelKind {
        match self {
            Self::Essential(_) => ModelKind::Essential,
            Self::Fundamental(_) => ModelKind::Fundamental,
            Self::Homography(_) => ModelKind::Homography,
            Self::Pose(_) => ModelKind::Pose,
            Self::Rigid(_) => ModelKind::Rigid,
        }
    }
}
