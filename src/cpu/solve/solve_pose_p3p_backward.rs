//! Gradient of the three-point pose solver: the pose under the six equations (y₁ − u y₃)/y₃ = 0 and (y₂ − v y₃)/y₃ = 0
//! of each point, with y = R X + t.

use super::implicit::{is_finite, multipliers, turn_gradient};
use crate::cpu::residual::ModelRows;
use crate::cpu::search::normalize_matches::pose_of;
use glam::DVec3;

/// ∂L/∂(X Y Z 0) and ∂L/∂(x y 0 0) of three matches, from ∂L/∂`[R | t]` of a pose camera_from_world that
/// [`solve_pose_p3p`](super::solve_pose_p3p::solve_pose_p3p) found for them.
///
/// `None` for samples that are [ill-conditioned](super::implicit::MAX_CONDITION) (nearly a double root: the camera near
/// the cylinder through the three points; a thin triangle) and for values that are not finite.
pub fn solve_pose_p3p_backward(
    points: &[[f64; 4]; 6],
    model: &ModelRows,
    model_gradient: &ModelRows,
) -> Option<[[f64; 4]; 6]> {
    let (pose, gradient) = (pose_of(model), pose_of(model_gradient));
    let world: [DVec3; 3] = std::array::from_fn(|i| DVec3::from_slice(&points[2 * i]));
    let camera = world.map(|point| pose.transform(point));
    // The pose turns about the centre of the points and shifts in units of their spread, so that J has no unit.
    let centre = (camera[0] + camera[1] + camera[2]) / 3.0;
    let spread = camera.iter().map(|&y| y.distance_squared(centre)).sum::<f64>().sqrt();
    let turn =
        turn_gradient(&pose.rotation, &gradient.rotation) - (centre - pose.translation).cross(gradient.translation);
    let shift = gradient.translation * spread;

    // J of equation 2i + k with y' = ω × (y − centre) + spread τ: y' · normal, normal = (e_k − (u or v) e₃)/y₃.
    let normal = |i: usize| DVec3::AXES[i % 2] - DVec3::Z * points[i / 2 * 2 + 1][i % 2];
    let jacobian = std::array::from_fn(|i| {
        let (y, n) = (camera[i / 2], normal(i) / camera[i / 2].z);
        let (by_turn, by_shift) = ((y - centre).cross(n), n * spread);
        [by_turn.x, by_turn.y, by_turn.z, by_shift.x, by_shift.y, by_shift.z]
    });
    let lambda = multipliers(jacobian, &[turn.x, turn.y, turn.z, shift.x, shift.y, shift.z])?;
    let gradients = std::array::from_fn(|k| {
        let (i, depth) = (k / 2, camera[k / 2].z);
        let slope = normal(2 * i) * (lambda[2 * i] / depth) + normal(2 * i + 1) * (lambda[2 * i + 1] / depth);
        match k % 2 {
            0 => (pose.rotation.transpose() * slope).extend(0.0).to_array(),
            _ => [-lambda[2 * i], -lambda[2 * i + 1], 0.0, 0.0],
        }
    });
    is_finite(&gradients).then_some(gradients)
}
