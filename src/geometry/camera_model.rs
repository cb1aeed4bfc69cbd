//! Camera models with lens distortion, by COLMAP's numbers, names and orders of the parameters.

use super::Camera;
use crate::{Error, Result};
use glam::DVec2;

/// A camera by one of COLMAP's models. Which pixel has its centre where is the parameters' own matter: COLMAP's have the centre
/// of the top-left pixel at (0.5, 0.5).
#[derive(Clone, Debug, PartialEq)]
pub struct CameraModel {
    id: i32,
    parameters: Vec<f64>,
    /// Width and height of its images, pixels.
    pub size_px: [u64; 2],
}

impl CameraModel {
    /// The camera of a model's number and parameters, in COLMAP's order.
    ///
    /// # Errors
    /// [`Error::BadOption`] for an unknown model, another number of parameters, or parameters that are no camera's.
    pub fn new(id: i32, size_px: [u64; 2], parameters: Vec<f64>) -> Result<Self> {
        let bad = |expected, found| Error::BadOption { name: "camera model", expected, found };
        let expected = match id {
            0 => 3,
            1 => 4,
            _ => return Err(bad("a number of COLMAP's models", id.to_string())),
        };
        if parameters.len() != expected {
            return Err(bad("as many parameters as the model has", parameters.len().to_string()));
        }
        let camera = Self { id, parameters, size_px };
        camera.pinhole().check("camera model")?;
        Ok(camera)
    }

    /// COLMAP's number of the model.
    pub const fn id(&self) -> i32 {
        self.id
    }

    /// The parameters, in COLMAP's order.
    pub fn parameters(&self) -> &[f64] {
        &self.parameters
    }

    /// The camera without its distortion.
    pub fn pinhole(&self) -> Camera {
        match *self.parameters {
            [f, cx, cy] => Camera { focal_px: DVec2::splat(f), principal_point_px: DVec2::new(cx, cy), skew_px: 0.0 },
            [fx, fy, cx, cy, ..] => {
                Camera { focal_px: DVec2::new(fx, fy), principal_point_px: DVec2::new(cx, cy), skew_px: 0.0 }
            }
            _ => Camera { focal_px: DVec2::NAN, principal_point_px: DVec2::NAN, skew_px: 0.0 },
        }
    }

    /// Whether pixels are those of [`Self::pinhole`].
    pub const fn is_undistorted(&self) -> bool {
        true
    }

    /// The pixel of the ray (x, y, 1) of a normalised point; `None` where the model has none.
    pub fn project(&self, normalized: DVec2) -> Option<DVec2> {
        Some(self.pinhole().project(normalized))
    }

    /// The normalised point (x, y), of the ray (x, y, 1), that is seen at a pixel; `None` where there is none, for rays sideways or
    /// from behind among others.
    pub fn undistort(&self, pixel: DVec2) -> Option<DVec2> {
        Some(self.pinhole().normalize(pixel))
    }
}
