//! What glam's 3×3 matrices lack.

use glam::{DMat3, DVec3};

/// `a bᵀ`.
#[inline(always)]
pub fn outer_product(a: DVec3, b: DVec3) -> DMat3 {
    DMat3::from_cols(a * b.x, a * b.y, a * b.z)
}

/// Σ aᵢⱼ bᵢⱼ.
#[inline(always)]
pub fn inner_product(a: &DMat3, b: &DMat3) -> f64 {
    a.x_axis.dot(b.x_axis) + a.y_axis.dot(b.y_axis) + a.z_axis.dot(b.z_axis)
}

/// The cofactors: the gradient of the determinant.
#[inline(always)]
pub fn cofactors(m: &DMat3) -> DMat3 {
    DMat3::from_cols(m.y_axis.cross(m.z_axis), m.z_axis.cross(m.x_axis), m.x_axis.cross(m.y_axis))
}

/// The matrix scaled to Frobenius norm 1; `None` for zero or what is not finite.
#[inline]
pub fn unit_frobenius(m: &DMat3) -> Option<DMat3> {
    let norm_sq = m.x_axis.length_squared() + m.y_axis.length_squared() + m.z_axis.length_squared();
    let unit = *m * norm_sq.sqrt().recip();
    unit.is_finite().then_some(unit)
}
