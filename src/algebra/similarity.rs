//! The similarity that brings image points to the origin and to a mean distance of √2 from it (Hartley 1997, "In
//! defense of the eight-point algorithm").

use glam::{DMat3, DVec2, DVec3};

/// `x ↦ scale (x − centroid)`.
#[derive(Clone, Copy, Debug)]
pub struct Similarity {
    centroid: DVec2,
    scale: f64,
}

impl Similarity {
    /// Of the weighted points; `None` for fewer than `needed` points of positive weight, for a number of weights that
    /// differs from that of the points, for points that are all equal, for negative weights and values that are not finite.
    pub fn hartley(points: &[DVec2], weights: Option<&[f64]>, needed: usize) -> Option<Self> {
        let weight = |i: usize| weights.map_or(1.0, |w| w[i]);
        let usable = match weights {
            Some(w) if w.len() != points.len() || w.iter().any(|&w| w < 0.0) => 0,
            Some(w) => w.iter().filter(|&&w| w > 0.0).count(),
            None => points.len(),
        };
        if usable < needed {
            return None;
        }
        let total: f64 = (0..points.len()).map(weight).sum();
        let centroid = (0..points.len()).map(|i| points[i] * weight(i)).sum::<DVec2>() / total;
        let distance = (0..points.len()).map(|i| points[i].distance(centroid) * weight(i)).sum::<f64>() / total;
        let scale = std::f64::consts::SQRT_2 / distance;
        let spread = distance > 1e-12 * centroid.length();
        (spread && scale.is_finite() && centroid.is_finite()).then_some(Self { centroid, scale })
    }

    /// The point that goes to the origin.
    pub const fn centroid(&self) -> DVec2 {
        self.centroid
    }

    /// What lengths are multiplied by.
    pub const fn scale(&self) -> f64 {
        self.scale
    }

    /// The point it maps `point` to.
    pub fn apply(&self, point: DVec2) -> DVec2 {
        (point - self.centroid) * self.scale
    }

    /// It as a matrix on homogeneous points.
    pub fn matrix(&self) -> DMat3 {
        let shift = self.centroid * -self.scale;
        DMat3::from_cols(DVec3::X * self.scale, DVec3::Y * self.scale, shift.extend(1.0))
    }

    /// The matrix that undoes it.
    pub fn inverse_matrix(&self) -> DMat3 {
        DMat3::from_cols(DVec3::X / self.scale, DVec3::Y / self.scale, self.centroid.extend(1.0))
    }
}
