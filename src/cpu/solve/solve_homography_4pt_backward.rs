//! Gradient of the four-point solver: the nine entries of H under the eight equations (h₁ − x2 h₃)·x1 = 0 and
//! (h₂ − y2 h₃)·x1 = 0 with h₁, h₂, h₃ the rows of H, and |H| = 1.

use super::implicit::{epipolar_scale, is_finite, matrix_multipliers};
use crate::cpu::residual::ModelRows;
use crate::cpu::search::normalize_matches::matrix_of;
use glam::DVec3;

/// ∂L/∂(x1 y1 x2 y2) of four matches, from ∂L/∂H of the H of norm 1 (the fourth column of both is ignored) that
/// [`solve_homography_4pt`](super::solve_homography_4pt::solve_homography_4pt) found for them.
///
/// `None` for samples that are [ill-conditioned](super::implicit::MAX_CONDITION) (three points nearly on a line) and for
/// values that are not finite.
pub fn solve_homography_4pt_backward(
    points: &[[f64; 4]; 4],
    model: &ModelRows,
    model_gradient: &ModelRows,
) -> Option<[[f64; 4]; 4]> {
    let scales = points.map(epipolar_scale);
    let constraints = std::array::from_fn(|i| {
        let ([x, y, u, v], s) = (points[i / 2], 1.0 / scales[i / 2]);
        match i % 2 {
            0 => [x * s, y * s, s, 0.0, 0.0, 0.0, -u * x * s, -u * y * s, -u * s],
            _ => [0.0, 0.0, 0.0, x * s, y * s, s, -v * x * s, -v * y * s, -v * s],
        }
    });
    let lambda = matrix_multipliers(&constraints, model, model_gradient)?;
    let h = matrix_of(model);
    let gradients = std::array::from_fn(|i| {
        let ([x, y, u, v], s) = (points[i], scales[i]);
        let [to_u, to_v] = [lambda[2 * i] / s, lambda[2 * i + 1] / s];
        let slope1 = (h.row(0) - h.row(2) * u) * to_u + (h.row(1) - h.row(2) * v) * to_v;
        let depth = h.row(2).dot(DVec3::new(x, y, 1.0));
        [slope1.x, slope1.y, -to_u * depth, -to_v * depth]
    });
    is_finite(&gradients).then_some(gradients)
}
