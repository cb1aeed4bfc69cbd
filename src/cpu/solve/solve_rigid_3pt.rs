//! Rigid transform `y = R x + t` between 3-D points, least squares in closed form: of three matches without any
//! decomposition, of n by the singular value decomposition (Kabsch 1976; Umeyama 1991).
//!
//! Three centred points span a plane, and the best rotation takes plane to plane: with both normals as z axes what is
//! left is a rotation in the plane, whose angle maximises Σ yᵢ · R xᵢ.

use crate::algebra::matrix3::outer_product;
use crate::algebra::svd3::Svd3;
use crate::geometry::Pose;
use glam::{DMat3, DVec2, DVec3};

/// Triangles and point sets thinner than this, as a share of their length, count as collinear.
const COLLINEAR: f64 = 1e-6;

/// The transform that brings `points1` closest to `points2`; at most one, exact for congruent triangles.
///
/// Any unit, the same in both. `None` for triangles whose points are collinear or repeated, and for values that are not
/// finite.
pub fn solve_rigid_3pt(points1: &[DVec3; 3], points2: &[DVec3; 3]) -> Option<Pose> {
    FlatTriangle::new(points1)?.motion_to(&FlatTriangle::new(points2)?)
}

/// A triangle in the plane that it spans.
pub(crate) struct FlatTriangle {
    centroid: DVec3,
    /// Right-handed axes, one a column, the triangle's normal as z axis.
    frame: DMat3,
    /// The corners in the xy plane of the frame, with the centroid as origin.
    corners: [DVec2; 3],
}

impl FlatTriangle {
    /// `None` for collinear points and values that are not finite.
    pub(crate) fn new(points: &[DVec3; 3]) -> Option<Self> {
        let centroid = (points[0] + points[1] + points[2]) / 3.0;
        let (side1, side2) = (points[1] - points[0], points[2] - points[0]);
        let normal = side1.cross(side2);
        let area = normal.length();
        // Written so that NaN fails it too.
        let thick = area > COLLINEAR * side1.length_squared().max(side2.length_squared()) && area.is_finite();
        if !thick {
            return None;
        }
        let x = side1.normalize();
        let z = normal / area;
        let y = z.cross(x);
        let corners = points.map(|point| DVec2::new(x.dot(point - centroid), y.dot(point - centroid)));
        Some(Self { centroid, frame: DMat3::from_cols(x, y, z), corners })
    }

    /// The least-squares motion that takes this triangle to the other.
    pub(crate) fn motion_to(&self, other: &Self) -> Option<Pose> {
        let mut rotor = DVec2::ZERO;
        for (p, q) in self.corners.iter().zip(&other.corners) {
            rotor += DVec2::new(p.dot(*q), p.perp_dot(*q));
        }
        let rotor = rotor.normalize_or_zero();
        let in_plane =
            DMat3::from_cols(DVec3::new(rotor.x, rotor.y, 0.0), DVec3::new(-rotor.y, rotor.x, 0.0), DVec3::Z);
        let rotation = other.frame * in_plane * self.frame.transpose();
        let pose = Pose { rotation, translation: other.centroid - rotation * self.centroid };
        (rotor != DVec2::ZERO && pose.translation.is_finite()).then_some(pose)
    }
}

/// The transform with the least weighted sum of squared distances between n ≥ 3 matches (a proper rotation, never a
/// reflection).
///
/// Slices of one entry a match, the same unit in both; weights ≥ 0. `None` for fewer than three matches, for lengths
/// that differ, for collinear points, for negative weights and for values that are not finite.
pub fn fit_rigid(points1: &[DVec3], points2: &[DVec3], weights: Option<&[f64]>) -> Option<Pose> {
    let n = points1.len();
    let weight = |i: usize| weights.map_or(1.0, |w| w[i]);
    if n < 3 || points2.len() != n || weights.is_some_and(|w| w.len() != n || w.iter().any(|&w| w < 0.0)) {
        return None;
    }
    let total: f64 = (0..n).map(weight).sum();
    let centroid1 = (0..n).map(|i| points1[i] * weight(i)).sum::<DVec3>() / total;
    let centroid2 = (0..n).map(|i| points2[i] * weight(i)).sum::<DVec3>() / total;
    let mut covariance = DMat3::ZERO;
    for i in 0..n {
        let (p, q) = (points1[i] - centroid1, (points2[i] - centroid2) * weight(i));
        covariance += outer_product(q, p);
    }
    if !covariance.is_finite() {
        return None;
    }
    let svd = Svd3::new(&covariance);
    let rotation = svd.closest_rotation();
    let pose = Pose { rotation, translation: centroid2 - rotation * centroid1 };
    // The second singular value grows with the square of the thickness.
    let thick = svd.singular_values.y > COLLINEAR * COLLINEAR * svd.singular_values.x;
    (thick && pose.translation.is_finite()).then_some(pose)
}
