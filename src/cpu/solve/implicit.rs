//! Gradients of a solver by the implicit function theorem: no root finder and no minimal solver is differentiated.
//!
//! The answer x of a solver to the data p satisfies r(x, p) = 0. With J = ∂r/∂x and v = ∂L/∂x at the answer, the
//! multipliers Jᵀλ = −v give ∂L/∂p = (∂r/∂p)ᵀ λ. Gradients are those of the loss by each entry; of the samples the layout
//! is that of the GPU: (x1 y1 x2 y2) a two-view match, (first side xyz0, second side xyz0 or xy00) a 3-D one.

use crate::{algebra::linear::invert, cpu::residual::ModelRows};
use glam::{DMat3, DVec3};

/// Samples whose system has a larger condition number ‖J‖‖J⁻¹‖ (Frobenius norms, equations and unknowns scaled to sizes
/// near 1) have no usable gradient.
///
/// It is where f32 ends: of the five-point solver with models and gradients in f32 the relative errors (median | 90 %)
/// are 5e-6 | 6e-5 at conditions 1e2 to 1e3, 2e-4 | 4e-3 up to 1e4 and 2e-2 | 2 up to 1e5, where also the gradient itself
/// is a hundred times the usual; 0.8 % of random samples lie above (7-point 3.5 %, 8-point 0.9 %, homography 2 %, pose
/// and rigid 0.1 %). In f64 the gradients are right far beyond.
pub const MAX_CONDITION: f64 = 1e4;

/// λ of Jᵀλ = −v, or `None` where J is ill-conditioned or a value is not finite.
pub fn multipliers<const N: usize>(jacobian: [[f64; N]; N], v: &[f64; N]) -> Option<[f64; N]> {
    let inverse = invert(jacobian)?;
    let norm_sq = |m: &[[f64; N]; N]| m.iter().flatten().map(|x| x * x).sum::<f64>();
    let condition_sq = norm_sq(&jacobian) * norm_sq(&inverse);
    let lambda = std::array::from_fn(|i| -(0..N).map(|k| inverse[k][i] * v[k]).sum::<f64>());
    (condition_sq <= MAX_CONDITION * MAX_CONDITION && is_finite(&[lambda])).then_some(lambda)
}

/// λ of a matrix M of norm 1 as nine unknowns (row-major) under eight equations and the norm; `constraints` are ∂r/∂M of
/// the equations, scaled to sizes near 1.
pub fn matrix_multipliers(constraints: &[[f64; 9]; 8], model: &ModelRows, gradient: &ModelRows) -> Option<[f64; 8]> {
    let entries = |rows: &ModelRows| std::array::from_fn(|k| rows[k / 3][k % 3]);
    let jacobian = std::array::from_fn(|i| constraints.get(i).copied().unwrap_or_else(|| entries(model)));
    multipliers(jacobian, &entries(gradient)).map(|lambda| std::array::from_fn(|i| lambda[i]))
}

/// ∂L/∂ω of the rotation `exp([ω]×) R` at ω = 0, from ∂L/∂R.
pub fn turn_gradient(rotation: &DMat3, gradient: &DMat3) -> DVec3 {
    (0..3).map(|k| rotation.col(k).cross(gradient.col(k))).sum()
}

/// ∂(x2ᵀ M x1)/∂M of a match, row-major.
pub fn epipolar_row([x1, y1, x2, y2]: [f64; 4]) -> [f64; 9] {
    [x2 * x1, x2 * y1, x2, y2 * x1, y2 * y1, y2, x1, y1, 1.0]
}

/// The norm of [`epipolar_row`].
pub fn epipolar_scale([x1, y1, x2, y2]: [f64; 4]) -> f64 {
    ((x1 * x1 + y1 * y1 + 1.0) * (x2 * x2 + y2 * y2 + 1.0)).sqrt()
}

/// ∂(λ x2ᵀ M x1)/∂(x1 y1 x2 y2) of a match.
pub fn epipolar_gradient(matrix: &DMat3, [x1, y1, x2, y2]: [f64; 4], lambda: f64) -> [f64; 4] {
    let line1 = matrix.transpose() * DVec3::new(x2, y2, 1.0);
    let line2 = *matrix * DVec3::new(x1, y1, 1.0);
    [line1.x, line1.y, line2.x, line2.y].map(|slope| lambda * slope)
}

/// Whether all values are finite.
pub fn is_finite<const M: usize>(rows: &[[f64; M]]) -> bool {
    rows.iter().flatten().all(|x| x.is_finite())
}
