//! Gradient of the three-point rigid solver, the least-squares motion: t = q̄ − R p̄, and the rotation under the three
//! equations Σ yᵢ × (qᵢ − q̄) = 0 with yᵢ = R (pᵢ − p̄), where Σ yᵢ·(qᵢ − q̄) is stationary.

use super::implicit::{is_finite, multipliers, turn_gradient};
use crate::cpu::residual::ModelRows;
use crate::cpu::search::normalize_matches::pose_of;
use glam::DVec3;

/// ∂L/∂(first side xyz0) and ∂L/∂(second side xyz0) of three matches, from ∂L/∂`[R | t]` of the transform that
/// [`solve_rigid_3pt`](super::solve_rigid_3pt::solve_rigid_3pt) found for them.
///
/// `None` for samples that are [ill-conditioned](super::implicit::MAX_CONDITION) (points nearly on a line) and for values
/// that are not finite.
pub fn solve_rigid_3pt_backward(
    points: &[[f64; 4]; 6],
    model: &ModelRows,
    model_gradient: &ModelRows,
) -> Option<[[f64; 4]; 6]> {
    let (pose, gradient) = (pose_of(model), pose_of(model_gradient));
    let side = |k: usize| std::array::from_fn(|i| DVec3::from_slice(&points[2 * i + k]));
    let (first, second): ([DVec3; 3], [DVec3; 3]) = (side(0), side(1));
    let [centre1, centre2] = [first, second].map(|p| (p[0] + p[1] + p[2]) / 3.0);
    let y = first.map(|p| pose.rotation * (p - centre1));
    let q = second.map(|p| p - centre2);
    let size = y.iter().zip(&q).map(|(y, q)| y.length() * q.length()).sum::<f64>();
    // A turn of R turns t = q̄ − R p̄ with it.
    let turn =
        turn_gradient(&pose.rotation, &gradient.rotation) - (pose.rotation * centre1).cross(gradient.translation);
    // Of (ω × y) × q = y (q·ω) − (y·q) ω.
    let jacobian = std::array::from_fn(|r| {
        std::array::from_fn(|c| {
            let along = |y: &DVec3, q: &DVec3| y[r] * q[c] - if r == c { y.dot(*q) } else { 0.0 };
            y.iter().zip(&q).map(|(y, q)| along(y, q)).sum::<f64>() / size
        })
    });
    let lambda = DVec3::from_array(multipliers(jacobian, &turn.to_array())?) / size;
    // Centring sends nothing back: the sums over the three are λ × Σ y = 0 and Σ q × λ = 0.
    let shift = gradient.translation / 3.0;
    let gradients = std::array::from_fn(|k| {
        let i = k / 2;
        let slope = match k % 2 {
            0 => pose.rotation.transpose() * (q[i].cross(lambda) - shift),
            _ => lambda.cross(y[i]) + shift,
        };
        slope.extend(0.0).to_array()
    });
    is_finite(&gradients).then_some(gradients)
}
