use crate::Pose;
use glam::DMat3;

/// What two views have in common, by COLMAP's numbers (`TwoViewGeometry::ConfigurationType`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(i32)]
pub enum Configuration {
    /// Too few matches, or too few inliers.
    #[default]
    Undefined = 0,
    /// No geometry can be had.
    Degenerate = 1,
    /// An essential matrix.
    Calibrated = 2,
    /// A fundamental matrix: the intrinsics are not known, or do not fit.
    Uncalibrated = 3,
    /// A homography of a plane, and a motion.
    Planar = 4,
    /// A homography of a rotation alone.
    Panoramic = 5,
    /// A homography; without intrinsics it is not known which of both.
    PlanarOrPanoramic = 6,
    /// A shift of what lies along the border: a watermark, a time stamp, a frame.
    Watermark = 7,
    /// Several of these; only the inliers are kept.
    Multiple = 8,
    /// The essential matrix of images of calibrated rigs; read, never written.
    CalibratedRig = 9,
}

impl Configuration {
    /// All, by number.
    pub const ALL: [Self; 10] = [
        Self::Undefined,
        Self::Degenerate,
        Self::Calibrated,
        Self::Uncalibrated,
        Self::Planar,
        Self::Panoramic,
        Self::PlanarOrPanoramic,
        Self::Watermark,
        Self::Multiple,
        Self::CalibratedRig,
    ];

    /// Its number in COLMAP.
    pub const fn id(self) -> i32 {
        self as i32
    }

    /// Its name, in words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Undefined => "undefined",
            Self::Degenerate => "degenerate",
            Self::Calibrated => "calibrated",
            Self::Uncalibrated => "uncalibrated",
            Self::Planar => "planar",
            Self::Panoramic => "panoramic",
            Self::PlanarOrPanoramic => "planar or panoramic",
            Self::Watermark => "watermark",
            Self::Multiple => "multiple",
            Self::CalibratedRig => "calibrated rig",
        }
    }

    /// The one of a number in COLMAP.
    pub fn from_id(id: i32) -> Option<Self> {
        Self::ALL.get(usize::try_from(id).ok()?).copied()
    }
}

/// The geometry of a pair of views, pixels as COLMAP has them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TwoViewGeometry {
    /// What the matrices below say.
    pub configuration: Configuration,
    /// `x2ᵀ F x1 = 0` of pixels as they are measured, distortion and all, of unit norm.
    pub fundamental: Option<DMat3>,
    /// `E = [t]× R` of camera2_from_camera1, of unit norm.
    pub essential: Option<DMat3>,
    /// `x2 ~ H x1` of pixels as they are measured.
    pub homography: Option<DMat3>,
    /// The motion, where it is known: |t| = 1, or t = 0 where there is a rotation alone.
    pub camera2_from_camera1: Option<Pose>,
    /// Indices of the inliers in the list of matches, ascending.
    pub inliers: Vec<u32>,
    /// The score of the model that decided, in matches.
    pub score: f64,
    /// Hypotheses drawn.
    pub iterations: u32,
    /// Another motion explains the matches nearly as well.
    pub ambiguous: bool,
}
