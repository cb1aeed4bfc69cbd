use crate::{Error, Result};
use glam::{DMat3, DVec2, DVec3};

/// A pinhole camera without distortion: pixel = (fx x + skew y + cx, fy y + cy) for the ray (x, y, 1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// Focal lengths (fx, fy), pixels.
    pub focal_px: DVec2,
    /// Principal point (cx, cy), pixels.
    pub principal_point_px: DVec2,
    /// Skew, pixels; 0 for almost every camera. Thresholds go by the focal lengths alone, so that with a skew `s` distances count
    /// for up to `s / (2 fx)` of themselves too much or too little.
    pub skew_px: f64,
}

impl Camera {
    /// The camera of an upper triangular 3×3 matrix of intrinsics.
    ///
    /// # Errors
    /// [`Error::SingularCamera`] when a focal length is not finite and positive.
    pub fn from_matrix(k: &DMat3) -> Result<Self> {
        let scale = 1.0 / k.z_axis.z;
        let camera = Self {
            focal_px: DVec2::new(k.x_axis.x, k.y_axis.y) * scale,
            principal_point_px: DVec2::new(k.z_axis.x, k.z_axis.y) * scale,
            skew_px: k.y_axis.x * scale,
        };
        camera.check("camera matrix")?;
        Ok(camera)
    }

    /// The 3×3 matrix of intrinsics.
    pub fn matrix(&self) -> DMat3 {
        DMat3::from_cols(
            DVec3::new(self.focal_px.x, 0.0, 0.0),
            DVec3::new(self.skew_px, self.focal_px.y, 0.0),
            self.principal_point_px.extend(1.0),
        )
    }

    /// The normalised point (x, y) of a pixel: its ray is (x, y, 1).
    pub fn normalize(&self, pixel: DVec2) -> DVec2 {
        let d = pixel - self.principal_point_px;
        let y = d.y / self.focal_px.y;
        DVec2::new((d.x - self.skew_px * y) / self.focal_px.x, y)
    }

    /// The pixel of a normalised point.
    pub fn project(&self, normalized: DVec2) -> DVec2 {
        let skew = DVec2::new(self.skew_px * normalized.y, 0.0);
        self.focal_px * normalized + skew + self.principal_point_px
    }

    /// The camera of the same image at `scale` times its width and height. The corner of the image stays where it is, half a pixel left of
    /// and above the centre of the top-left pixel.
    pub fn scaled(&self, scale: DVec2) -> Self {
        Self {
            focal_px: self.focal_px * scale,
            principal_point_px: (self.principal_point_px + 0.5) * scale - 0.5,
            skew_px: self.skew_px * scale.x,
        }
    }

    pub(crate) fn check(&self, which: &'static str) -> Result<()> {
        let ok = self.focal_px.is_finite()
            && self.focal_px.min_element() > 0.0
            && self.principal_point_px.is_finite()
            && self.skew_px.is_finite();
        if ok {
            return Ok(());
        }
        Err(Error::SingularCamera { which, fx: self.focal_px.x, fy: self.focal_px.y })
    }
}
