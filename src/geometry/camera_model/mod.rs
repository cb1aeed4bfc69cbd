//! Camera models with lens distortion, by COLMAP's numbers, names and orders of the parameters.
//!
//! A ray (x, y, 1) is seen at the pixel `f · d(v) + c`, where `v` is (x, y), or for the fisheye models the same direction with the length
//! `θ = atan |(x, y)|`, and `d` is the distortion. Each direction of `d` is taken where it is one to one and keeps orientation, from the
//! axis outwards, so that [`CameraModel::project`] and [`CameraModel::undistort`] undo each other.

mod lens;
mod model;
mod newton;
mod polynomial;
mod radial;

use super::Camera;
use crate::{Error, Result};
use glam::DVec2;
use lens::Lens;
use model::Model;

/// A camera by one of COLMAP's models. Which pixel has its centre where is the parameters' own matter: COLMAP's have the centre
/// of the top-left pixel at (0.5, 0.5).
#[derive(Clone, Debug, PartialEq)]
pub struct CameraModel {
    model: &'static Model,
    parameters: Vec<f64>,
    lens: Lens,
    /// Width and height of its images, pixels.
    pub size_px: [u64; 2],
}

impl CameraModel {
    /// The camera of a model's number and parameters, in COLMAP's order.
    ///
    /// # Errors
    /// [`Error::BadOption`] for a model that is not known here; [`Error::BadCamera`] for another number of parameters, or parameters
    /// that are no camera's.
    pub fn new(id: i32, size_px: [u64; 2], parameters: Vec<f64>) -> Result<Self> {
        Self::of(Model::from_id(id)?, size_px, parameters)
    }

    /// The camera of a model's name, as `OPENCV`, and parameters, in COLMAP's order.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn from_name(name: &str, size_px: [u64; 2], parameters: Vec<f64>) -> Result<Self> {
        Self::of(Model::from_name(name)?, size_px, parameters)
    }

    fn of(model: &'static Model, size_px: [u64; 2], parameters: Vec<f64>) -> Result<Self> {
        let Some(lens) = model.lens(&parameters) else {
            let Model { name, parameters: expected, .. } = *model;
            return Err(Error::BadCamera { name, expected, found: format!("{parameters:?}") });
        };
        Ok(Self { model, parameters, lens, size_px })
    }

    /// How many parameters the model of a number has.
    ///
    /// # Errors
    /// [`Error::BadOption`] for a model that is not known here.
    pub fn parameter_count(id: i32) -> Result<usize> {
        Ok(Model::from_id(id)?.parameter_count())
    }

    /// COLMAP's number of the model.
    pub const fn id(&self) -> i32 {
        self.model.id
    }

    /// COLMAP's name of the model.
    pub const fn name(&self) -> &'static str {
        self.model.name
    }

    /// The parameters, in COLMAP's order.
    pub fn parameters(&self) -> &[f64] {
        &self.parameters
    }

    /// The camera without its distortion.
    pub fn pinhole(&self) -> Camera {
        self.model.pinhole(&self.parameters)
    }

    /// Whether pixels are those of [`Self::pinhole`].
    pub const fn is_undistorted(&self) -> bool {
        self.lens.is_undistorted()
    }

    /// The same camera with another centre of the top-left pixel: the offset is added to the principal point.
    pub fn shifted(&self, offset_px: DVec2) -> Self {
        let mut camera = self.clone();
        let first = self.model.focal_count();
        for (parameter, offset) in camera.parameters.iter_mut().skip(first).zip(offset_px.to_array()) {
            *parameter += offset;
        }
        camera
    }

    /// The camera of the same image at `scale` times its width and height, as [`Camera::scaled`], with the centre of the top-left pixel
    /// at (0, 0). A model with one focal length becomes the one with two that has the same distortion, where it needs two.
    ///
    /// # Errors
    /// [`Error::BadCamera`] for a scale that is not above 0.
    pub fn scaled(&self, scale: DVec2) -> Result<Self> {
        let Camera { focal_px, principal_point_px, .. } = self.pinhole().scaled(scale);
        let one_focal = self.model.focal_count() == 1;
        let (_, distortion) = self.parameters.split_at(self.model.focal_count() + 2);
        let model =
            if one_focal && focal_px.x != focal_px.y { self.model.with_two_focal_lengths() } else { self.model };
        let mut parameters = focal_px.to_array()[..model.focal_count()].to_vec();
        parameters.extend(principal_point_px.to_array());
        parameters.extend(distortion);
        parameters.resize(model.parameter_count(), 0.0);
        let sides = [0, 1].map(|axis| (self.size_px[axis] as f64 * scale[axis]).round() as u64);
        Self::of(model, sides, parameters)
    }

    /// Where [`Self::pinhole`] sees what is seen at a pixel; `None` where [`Self::undistort`] has none.
    pub fn undistort_px(&self, pixel: DVec2) -> Option<DVec2> {
        Some(self.pinhole().project(self.undistort(pixel)?))
    }

    /// The pixel of the ray (x, y, 1) of a normalised point; `None` where the model has none.
    pub fn project(&self, normalized: DVec2) -> Option<DVec2> {
        let pixel = self.pinhole().project(self.lens.distort(normalized)?);
        pixel.is_finite().then_some(pixel)
    }

    /// The normalised point (x, y), of the ray (x, y, 1), that is seen at a pixel; `None` where there is none, for rays sideways or
    /// from behind among others.
    pub fn undistort(&self, pixel: DVec2) -> Option<DVec2> {
        let normalized = self.lens.undistort(self.pinhole().normalize(pixel))?;
        normalized.is_finite().then_some(normalized)
    }
}
