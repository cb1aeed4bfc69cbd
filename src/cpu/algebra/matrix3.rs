//! What glam's 3×3 matrices lack.

use glam::{DMat3, DVec3};

/// `a bᵀ`.
#[inline(always)]
pub fn outer_product(a: DVec3, b: DVec3) -> DMat3 {
    DMat3::from_cols(a * b.x, a * b.y, a * b.z)
}

/// The matrix scaled to Frobenius norm 1; `None` for zero or what is not finite.
#[inline]
pub fn unit_frobenius(m: &DMat3) -> Option<DMat3> {
    let norm_sq = m.x_axis.length_squared() + m.y_axis.length_squared() + m.z_axis.length_squared();
    let unit = *m * norm_sq.sqrt().recip();
    unit.is_finite().then_some(unit)
}
