//! Gradient of the five-point solver: the motion under the five equations `x2ᵀ E x1 = 0`, in the five coordinates of
//! [`essential_tangents`].

use super::implicit::{epipolar_gradient, epipolar_scale, is_finite, multipliers};
use super::solve_essential_5pt::{essential_tangents, tangent_basis};
use crate::algebra::matrix3::inner_product;
use crate::cpu::residual::ModelRows;
use crate::cpu::search::normalize_matches::pose_of;
use crate::geometry::cross_matrix;
use glam::{DMat3, DVec3};

/// ∂L/∂(x1 y1 x2 y2) of five normalised matches, from ∂L/∂`[R | t]` of a motion with |t| = 1 that
/// [`solve_essential_poses`](super::solve_essential_5pt::solve_essential_poses) found for them.
///
/// `None` for samples that are [ill-conditioned](super::implicit::MAX_CONDITION) (nearly a double root, no parallax) and
/// for values that are not finite.
pub fn solve_essential_5pt_backward(
    points: &[[f64; 4]; 5],
    model: &ModelRows,
    model_gradient: &ModelRows,
) -> Option<[[f64; 4]; 5]> {
    let (pose, gradient) = (pose_of(model), pose_of(model_gradient));
    let [b1, b2] = tangent_basis(pose.translation);
    let turned = [DVec3::X, DVec3::Y, DVec3::Z].map(|axis| pose.rotation * cross_matrix(axis));
    let [turn1, turn2, turn3] = turned.map(|tangent| inner_product(&tangent, &gradient.rotation));
    let v = [turn1, turn2, turn3, b1.dot(gradient.translation), b2.dot(gradient.translation)];

    let tangents = essential_tangents(&pose);
    let scales = points.map(epipolar_scale);
    let jacobian = std::array::from_fn(|i| tangents.map(|tangent| epipolar_residual(&tangent, points[i]) / scales[i]));
    let lambda = multipliers(jacobian, &v)?;
    let essential = pose.essential();
    let gradients = std::array::from_fn(|i| epipolar_gradient(&essential, points[i], lambda[i] / scales[i]));
    is_finite(&gradients).then_some(gradients)
}

fn epipolar_residual(matrix: &DMat3, [x1, y1, x2, y2]: [f64; 4]) -> f64 {
    DVec3::new(x2, y2, 1.0).dot(*matrix * DVec3::new(x1, y1, 1.0))
}
