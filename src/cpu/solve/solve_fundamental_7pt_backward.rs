//! Gradient of the seven-point solver: the nine entries of F under the seven equations `x2ᵀ F x1 = 0`, det F = 0 and
//! |F| = 1.

use super::implicit::{epipolar_gradient, epipolar_row, epipolar_scale, is_finite, matrix_multipliers};
use crate::algebra::matrix3::{cofactors, inner_product};
use crate::cpu::residual::ModelRows;
use crate::cpu::search::normalize_matches::matrix_of;
use glam::DMat3;

/// ∂L/∂(x1 y1 x2 y2) of seven matches, from ∂L/∂F of an F of norm 1 (the fourth column of both is ignored) that
/// [`solve_fundamental_7pt`](super::solve_fundamental_7pt::solve_fundamental_7pt) found for them.
///
/// `None` for samples that are [ill-conditioned](super::implicit::MAX_CONDITION) (nearly a double root, a common plane)
/// and for values that are not finite.
pub fn solve_fundamental_7pt_backward(
    points: &[[f64; 4]; 7],
    model: &ModelRows,
    model_gradient: &ModelRows,
) -> Option<[[f64; 4]; 7]> {
    let f = matrix_of(model);
    let scales = points.map(epipolar_scale);
    let constraints = std::array::from_fn(|i| match points.get(i) {
        Some(&point) => epipolar_row(point).map(|entry| entry / scales[i]),
        None => determinant_row(&f),
    });
    let lambda = matrix_multipliers(&constraints, model, model_gradient)?;
    let gradients = std::array::from_fn(|i| epipolar_gradient(&f, points[i], lambda[i] / scales[i]));
    is_finite(&gradients).then_some(gradients)
}

/// ∂det F/∂F, the cofactors, scaled to norm 1; NaN for an F of rank 1.
fn determinant_row(f: &DMat3) -> [f64; 9] {
    let cofactors = cofactors(f);
    let norm = inner_product(&cofactors, &cofactors).sqrt();
    cofactors.transpose().to_cols_array().map(|entry| entry / norm)
}
