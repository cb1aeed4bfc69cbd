//! Half the sum of rotation and translation error of a motion, and its gradient.
//!
//! Of two views the translation error is the angle between the directions without regard to sign; of poses and rigid
//! transforms it is the distance of the translations, in the unit of the world. Angles are in radians, from sine and cosine:
//! unlike the arc cosine alone they are exact for small angles. Where an error is 0 its gradient is 0.

use crate::ModelKind;
use crate::cpu::residual::ModelRows;
use crate::cpu::search::normalize_matches::{pose_of, rows_of_pose};
use crate::geometry::{Pose, cross_matrix};
use glam::{DMat3, DVec3};

/// Sines and lengths below this have no gradient.
const TINY: f64 = 1e-9;

/// The loss of a motion [R | t], radians (plus half a distance), and its gradient by the entries of the motion.
pub fn pose_loss(kind: ModelKind, model: &ModelRows, truth: &ModelRows) -> (f64, ModelRows) {
    let (model, truth) = (pose_of(model), pose_of(truth));
    let (rotation_error, by_rotation) = rotation_error(&model.rotation, &truth.rotation);
    let (translation_error, by_translation) = match kind {
        ModelKind::Pose | ModelKind::Rigid => distance(model.translation, truth.translation),
        _ => direction_error(model.translation, truth.translation),
    };
    let gradient = Pose { rotation: by_rotation * 0.5, translation: by_translation * 0.5 };
    (0.5 * (rotation_error + translation_error), rows_of_pose(&gradient))
}

/// The angle of D = R R̂ᵀ: of its twofold sine |v| and cosine tr D − 1, with [v]× = Dᵀ − D.
fn rotation_error(rotation: &DMat3, truth: &DMat3) -> (f64, DMat3) {
    let d = *rotation * truth.transpose();
    let v = DVec3::new(d.y_axis.z - d.z_axis.y, d.z_axis.x - d.x_axis.z, d.x_axis.y - d.y_axis.x);
    let (sine, cosine) = (v.length(), d.x_axis.x + d.y_axis.y + d.z_axis.z - 1.0);
    if sine < TINY {
        return (sine.atan2(cosine), DMat3::ZERO);
    }
    let square = sine * sine + cosine * cosine;
    // ∂/∂D of v·u for a fixed u is [u]×, and of the trace the identity
    let by_d = cross_matrix(v / sine) * (cosine / square) - DMat3::IDENTITY * (sine / square);
    (sine.atan2(cosine), by_d * *truth)
}

fn direction_error(translation: DVec3, truth: DVec3) -> (f64, DVec3) {
    let normal = translation.cross(truth);
    let (sine, cosine) = (normal.length(), translation.dot(truth));
    let angle = sine.atan2(cosine.abs());
    if sine < TINY {
        return (angle, DVec3::ZERO);
    }
    let square = sine * sine + cosine * cosine;
    let gradient = truth.cross(normal) * (cosine.abs() / (sine * square)) - truth * (cosine.signum() * sine / square);
    (angle, gradient)
}

fn distance(translation: DVec3, truth: DVec3) -> (f64, DVec3) {
    let d = translation - truth;
    let length = d.length();
    (length, if length < TINY { DVec3::ZERO } else { d / length })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::accuracy::{direction_error_deg, rotation_error_deg};
    use rand::{RngExt, SeedableRng, rngs::StdRng};

    fn random_pose(rng: &mut StdRng) -> Pose {
        let mut vector = || DVec3::from_array(std::array::from_fn(|_| rng.random_range(-1.5..1.5)));
        let rotation = DMat3::from_quat(glam::DQuat::from_scaled_axis(vector()));
        Pose { rotation, translation: vector().normalize() }
    }

    #[test]
    fn the_loss_is_the_errors_of_the_measurements_and_has_its_gradient() {
        let mut rng = StdRng::seed_from_u64(3);
        for _ in 0..1000 {
            let (model, truth) = (random_pose(&mut rng), random_pose(&mut rng));
            let (rows, true_rows) = (rows_of_pose(&model), rows_of_pose(&truth));
            let expected = 0.5
                * (rotation_error_deg(&model.rotation, &truth.rotation)
                    + direction_error_deg(model.translation, truth.translation));
            let (loss, gradient) = pose_loss(ModelKind::Essential, &rows, &true_rows);
            assert!((loss.to_degrees() - expected).abs() < 1e-9);
            for kind in [ModelKind::Essential, ModelKind::Pose] {
                let (_, gradient) =
                    if kind == ModelKind::Pose { pose_loss(kind, &rows, &true_rows) } else { (loss, gradient) };
                for i in 0..3 {
                    for k in 0..4 {
                        let at = |step: f64| {
                            let mut moved = rows;
                            moved[i][k] += step;
                            pose_loss(kind, &moved, &true_rows).0
                        };
                        let numeric = (at(1e-6) - at(-1e-6)) / 2e-6;
                        assert!(
                            (numeric - gradient[i][k]).abs() < 1e-5 * (1.0 + numeric.abs()),
                            "{kind:?} {i} {k}: {numeric} {}",
                            gradient[i][k]
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn an_exact_motion_has_no_error_and_no_gradient() {
        let rows = rows_of_pose(&Pose { rotation: DMat3::IDENTITY, translation: DVec3::Z });
        for kind in [ModelKind::Essential, ModelKind::Rigid] {
            assert_eq!(pose_loss(kind, &rows, &rows), (0.0, ModelRows::default()));
        }
        let nan = [[f64::NAN; 4]; 3];
        assert!(pose_loss(ModelKind::Essential, &nan, &rows).0.is_nan());
    }
}
