use super::{Camera, CameraModel};
use crate::Result;
use glam::DVec2;

/// A camera with or without distortion, with the centre of the top-left pixel at (0, 0).
#[derive(Clone, Debug, PartialEq)]
pub enum Intrinsics {
    /// Without distortion.
    Pinhole(Camera),
    /// By one of COLMAP's models.
    Model(CameraModel),
}

impl Intrinsics {
    /// The camera without its distortion.
    pub fn pinhole(&self) -> Camera {
        match self {
            Self::Pinhole(camera) => *camera,
            Self::Model(model) => model.pinhole(),
        }
    }

    /// The normalised point (x, y), of the ray (x, y, 1), that is seen at a pixel; `None` where there is none.
    pub fn undistort(&self, pixel: DVec2) -> Option<DVec2> {
        match self {
            Self::Pinhole(camera) => Some(camera.normalize(pixel)).filter(|point| point.is_finite()),
            Self::Model(model) => model.undistort(pixel),
        }
    }

    /// The pixel of the ray (x, y, 1) of a normalised point; `None` where there is none.
    pub fn project(&self, normalized: DVec2) -> Option<DVec2> {
        match self {
            Self::Pinhole(camera) => Some(camera.project(normalized)).filter(|pixel| pixel.is_finite()),
            Self::Model(model) => model.project(normalized),
        }
    }

    /// The camera of the same image at `scale` times its width and height, as [`Camera::scaled`].
    ///
    /// # Errors
    /// [`Error::BadCamera`](crate::Error::BadCamera) or [`Error::SingularCamera`](crate::Error::SingularCamera) for a scale that is not above 0.
    pub fn scaled(&self, scale: DVec2) -> Result<Self> {
        match self {
            Self::Pinhole(camera) => {
                let camera = camera.scaled(scale);
                camera.check("scaled camera")?;
                Ok(Self::Pinhole(camera))
            }
            Self::Model(model) => model.scaled(scale).map(Self::Model),
        }
    }
}
