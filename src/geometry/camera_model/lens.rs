use super::newton;
use super::polynomial::Polynomial;
use super::radial;
use glam::DVec2;
use std::f64::consts::FRAC_PI_2;

/// From a normalised point to where it is seen, in focal lengths from the principal point.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lens {
    /// Whether what is distorted is the direction of the ray with the angle off the axis for its length.
    equidistant: bool,
    distortion: Distortion,
    /// From this length on the distortion is not one to one, or rays are sideways.
    limit: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Distortion {
    None,
    Polynomial(Polynomial),
    /// `r' = atan(2 r tan(ω/2)) / ω` (Devernay and Faugeras 2001).
    FieldOfView {
        omega: f64,
    },
    /// `r = r' / (1 + k r'²)` (Fitzgibbon 2001).
    Division {
        k: f64,
    },
}

impl Lens {
    pub(super) fn new(equidistant: bool, distortion: Distortion) -> Self {
        let sideways = if equidistant { FRAC_PI_2 } else { f64::INFINITY };
        let limit = match &distortion {
            Distortion::Polynomial(polynomial) => polynomial.limit().min(sideways),
            _ => sideways,
        };
        Self { equidistant, distortion, limit }
    }

    pub(super) const fn is_undistorted(&self) -> bool {
        !self.equidistant && matches!(self.distortion, Distortion::None)
    }

    pub(super) fn distort(&self, normalized: DVec2) -> Option<DVec2> {
        let point = if self.equidistant { with_length(normalized, f64::atan) } else { normalized };
        match &self.distortion {
            Distortion::None => Some(point),
            Distortion::Polynomial(polynomial) => {
                let (distorted, jacobian) = polynomial.distort(point);
                (point.length() < self.limit && newton::is_proper(&jacobian)).then_some(distorted)
            }
            Distortion::FieldOfView { omega } => Some(with_length(point, |r| radial::field_of_view(r, *omega))),
            Distortion::Division { k } => radial::division(point, *k),
        }
    }

    pub(super) fn undistort(&self, distorted: DVec2) -> Option<DVec2> {
        let point = match &self.distortion {
            Distortion::None => distorted,
            Distortion::Polynomial(polynomial) => {
                newton::invert(distorted, self.limit, |point| polynomial.distort(point))?
            }
            Distortion::FieldOfView { omega } => radial::undo_field_of_view(distorted, *omega)?,
            Distortion::Division { k } => radial::undo_division(distorted, *k)?,
        };
        if !self.equidistant {
            return Some(point);
        }
        (point.length() < self.limit).then(|| with_length(point, f64::tan))
    }
}

/// A vector whose length is a function of that of another of the same direction; the function maps 0 to 0.
pub(super) fn with_length(v: DVec2, length: impl Fn(f64) -> f64) -> DVec2 {
    let r = v.length();
    if r > 0.0 { v * (length(r) / r) } else { v }
}
