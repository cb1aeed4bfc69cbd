use super::lens::{Distortion, Lens};
use super::polynomial::Polynomial;
use crate::geometry::Camera;
use crate::{Error, Result};
use glam::DVec2;

/// What COLMAP calls a camera model.
#[derive(Debug, PartialEq)]
pub(super) struct Model {
    pub(super) id: i32,
    pub(super) name: &'static str,
    /// The names of its parameters, in order; models with one focal length call it f.
    pub(super) parameters: &'static str,
}

const fn model(id: i32, name: &'static str, parameters: &'static str) -> Model {
    Model { id, name, parameters }
}

/// What is known here.
static MODELS: [Model; 15] = [
    model(0, "SIMPLE_PINHOLE", "f, cx, cy"),
    model(1, "PINHOLE", "fx, fy, cx, cy"),
    model(2, "SIMPLE_RADIAL", "f, cx, cy, k"),
    model(3, "RADIAL", "f, cx, cy, k1, k2"),
    model(4, "OPENCV", "fx, fy, cx, cy, k1, k2, p1, p2"),
    model(5, "OPENCV_FISHEYE", "fx, fy, cx, cy, k1, k2, k3, k4"),
    model(6, "FULL_OPENCV", "fx, fy, cx, cy, k1, k2, p1, p2, k3, k4, k5, k6"),
    model(7, "FOV", "fx, fy, cx, cy, omega within ±π"),
    model(8, "SIMPLE_RADIAL_FISHEYE", "f, cx, cy, k"),
    model(9, "RADIAL_FISHEYE", "f, cx, cy, k1, k2"),
    model(10, "THIN_PRISM_FISHEYE", "fx, fy, cx, cy, k1, k2, p1, p2, k3, k4, sx1, sy1"),
    model(12, "SIMPLE_DIVISION", "f, cx, cy, k"),
    model(13, "DIVISION", "fx, fy, cx, cy, k"),
    model(14, "SIMPLE_FISHEYE", "f, cx, cy"),
    model(15, "FISHEYE", "fx, fy, cx, cy"),
];

/// COLMAP's models that are not.
const REFUSED: [(i32, &str); 3] = [(11, "RAD_TAN_THIN_PRISM_FISHEYE"), (16, "EUCM"), (17, "EQUIRECTANGULAR")];

impl Model {
    pub(super) fn from_id(id: i32) -> Result<&'static Self> {
        MODELS.iter().find(|model| model.id == id).ok_or_else(|| {
            let name = REFUSED.iter().find(|(refused, _)| *refused == id).map(|(_, name)| format!(" ({name})"));
            unknown(format!("{id}{}", name.unwrap_or_default()))
        })
    }

    pub(super) fn from_name(name: &str) -> Result<&'static Self> {
        MODELS.iter().find(|model| model.name == name).ok_or_else(|| unknown(name.to_owned()))
    }

    /// The pinhole of as many parameters as the model has.
    pub(super) fn pinhole(&self, parameters: &[f64]) -> Camera {
        let (focal, centre) = parameters.split_at_checked(self.focal_count()).unwrap_or_default();
        let at = |values: &[f64], index: usize| values.get(index).copied().unwrap_or(f64::NAN);
        Camera {
            focal_px: DVec2::new(at(focal, 0), at(focal, focal.len().saturating_sub(1))),
            principal_point_px: DVec2::new(at(centre, 0), at(centre, 1)),
            skew_px: 0.0,
        }
    }

    /// The lens of these parameters; `None` where they are no camera's.
    pub(super) fn lens(&self, parameters: &[f64]) -> Option<Lens> {
        let is_camera = self.parameter_count() == parameters.len()
            && parameters.iter().all(|parameter| parameter.is_finite())
            && self.pinhole(parameters).check(self.name).is_ok();
        let (_, distortion) = parameters.split_at_checked(self.focal_count() + 2).filter(|_| is_camera)?;
        let equidistant = matches!(self.id, 5 | 8..=10 | 14 | 15);
        Some(Lens::new(equidistant, self.distortion(distortion)?))
    }

    pub(super) fn parameter_count(&self) -> usize {
        self.parameters.split(", ").count()
    }

    /// The model with two focal lengths whose distortion begins with this one's parameters; the others of its parameters are 0.
    pub(super) fn with_two_focal_lengths(&'static self) -> &'static Self {
        let id = match self.id {
            0 => 1,
            2 | 3 => 4,
            8 | 9 => 5,
            12 => 13,
            14 => 15,
            id => id,
        };
        MODELS.iter().find(|model| model.id == id).unwrap_or(self)
    }

    pub(super) fn focal_count(&self) -> usize {
        if self.parameters.starts_with("f,") { 1 } else { 2 }
    }

    fn distortion(&self, parameters: &[f64]) -> Option<Distortion> {
        if parameters.iter().all(|&parameter| parameter == 0.0) {
            return Some(Distortion::None);
        }
        let polynomial = match (self.id, parameters) {
            (2 | 8, &[k]) => Polynomial::radial([k, 0.0, 0.0, 0.0]),
            (3 | 9, &[k1, k2]) => Polynomial::radial([k1, k2, 0.0, 0.0]),
            (4, &[k1, k2, p1, p2]) => Polynomial::radial([k1, k2, 0.0, 0.0]).tangential(p1, p2),
            (5, &[k1, k2, k3, k4]) => Polynomial::radial([k1, k2, k3, k4]),
            (6, &[k1, k2, p1, p2, k3, k4, k5, k6]) => {
                Polynomial::radial([k1, k2, k3, 0.0]).over([k4, k5, k6]).tangential(p1, p2)
            }
            (10, &[k1, k2, p1, p2, k3, k4, sx1, sy1]) => {
                Polynomial::radial([k1, k2, k3, k4]).tangential(p1, p2).prism(sx1, sy1)
            }
            (7, &[omega]) => return (omega.abs() < std::f64::consts::PI).then_some(Distortion::FieldOfView { omega }),
            (12 | 13, &[k]) => return Some(Distortion::Division { k }),
            _ => return None,
        };
        Some(Distortion::Polynomial(polynomial))
    }
}

fn unknown(found: String) -> Error {
    Error::BadOption {
        name: "camera model",
        expected: "COLMAP's models 0 to 10 or 12 to 15, SIMPLE_PINHOLE, PINHOLE, SIMPLE_RADIAL, RADIAL, OPENCV, OPENCV_FISHEYE, FULL_OPENCV, FOV, SIMPLE_RADIAL_FISHEYE, RADIAL_FISHEYE, THIN_PRISM_FISHEYE, SIMPLE_DIVISION, DIVISION, SIMPLE_FISHEYE or FISHEYE",
        found,
    }
}
