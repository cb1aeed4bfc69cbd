//! The error of the points that a network says for cells.

use super::view::row_of;
use crate::geometry::Pose;
use burn::tensor::{Device, Tensor, TensorData};
use glam::DVec3;

/// What is known of cells.
#[derive(Debug, Default)]
pub(super) struct KnownPoints {
    /// From the map's origin.
    points: Vec<f32>,
    /// camera_from_origin \[R | t\] of their photographs.
    poses: Vec<f32>,
    /// The points in the frame of the camera.
    in_camera: Vec<f32>,
}

impl KnownPoints {
    /// One more cell, that is seen by a camera of this camera_from_origin.
    pub(super) fn push(&mut self, point: DVec3, camera_from_origin: &Pose) {
        self.in_camera.extend(camera_from_origin.transform(point).as_vec3().to_array());
        self.points.extend(point.as_vec3().to_array());
        self.poses.extend(row_of(camera_from_origin));
    }

    pub(super) fn len(&self) -> usize {
        self.points.len() / 3
    }

    /// The mean loss of points \[n, 3\] that are said for these cells, \[1\].
    ///
    /// Of each the error is its distance from the true one as a share of the distance from the camera; where that is below `near`, and
    /// in front of the camera, only what the photograph shows of it, the distance of the projections in focal lengths. Errors count up to
    /// about `clamp`, by tanh, as ACE has it (Brachmann et al., CVPR 2023).
    pub(super) fn loss(&self, said: Tensor<2>, near: f64, clamp: f64, device: &Device) -> Tensor<1> {
        let n = self.len();
        let tensor =
            |values: &[f32], width: usize| Tensor::<2>::from_data(TensorData::new(values.to_vec(), [n, width]), device);
        let in_camera = tensor(&self.in_camera, 3);
        let depth = in_camera.clone().narrow(1, 2, 1);
        let distance = length(said.clone() - tensor(&self.points, 3)) / depth.clone();
        let error = if near > 0.0 {
            let poses = tensor(&self.poses, 12).reshape([n, 3, 4]);
            let turned = (poses.clone().narrow(2, 0, 3) * said.reshape([n, 1, 3])).sum_dim(2);
            let moved = (turned + poses.narrow(2, 3, 1)).reshape([n, 3]);
            let z = moved.clone().narrow(1, 2, 1);
            let in_front = z.clone().greater(depth.clone() * LEAST_DEPTH);
            let projected = moved.narrow(1, 0, 2) / z.max_pair(depth.clone() * LEAST_DEPTH);
            let reprojection = length(projected - in_camera.narrow(1, 0, 2) / depth);
            let is_near = distance.clone().lower_elem(near).bool_and(in_front);
            distance.mask_where(is_near, reprojection)
        } else {
            distance
        };
        (error / clamp).tanh().mean() * clamp
    }
}

/// Points nearer than this share of the true depth are taken for behind the camera.
const LEAST_DEPTH: f64 = 0.1;
/// What keeps the root of a distance of 0 from having no gradient.
const TINY: f64 = 1e-12;

fn length(rows: Tensor<2>) -> Tensor<2> {
    (rows.square().sum_dim(1) + TINY).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::synthetic::problems::generator;
    use crate::train::networks::parameters::read;
    use glam::DMat3;
    use rand::RngExt;

    /// The loss of one point in double precision, and whether a small change of the point may change its kind.
    fn expected(said: DVec3, point: DVec3, pose: &Pose, near: f64, clamp: f64) -> (f64, bool) {
        let camera = |p: DVec3| pose.rotation * p + pose.translation;
        let (truth, found) = (camera(point), camera(said));
        let distance = said.distance(point) / truth.z;
        let (seen, shown) = (truth.truncate() / truth.z, found.truncate() / found.z);
        let edge =
            (distance / near.max(1e-9) - 1.0).abs() < 0.02 || (found.z / truth.z / LEAST_DEPTH - 1.0).abs() < 0.05;
        let error = if distance < near && found.z > LEAST_DEPTH * truth.z { seen.distance(shown) } else { distance };
        ((error / clamp).tanh() * clamp, edge || error < 1e-4)
    }

    #[test]
    fn losses_and_gradients_are_those_of_the_definition() {
        let device = Device::flex().autodiff();
        let mut rng = generator(11);
        let (mut kinds, mut compared) = ([0; 3], 0);
        for case in 0..1200 {
            let mut unit = || DVec3::from_array(std::array::from_fn(|_| rng.random_range(-1.0..1.0)));
            let rotation = DMat3::from_axis_angle(unit().normalize_or(DVec3::X), unit().x * 3.0);
            let in_camera = unit() * 0.8 + DVec3::Z * 2.0;
            let (translation, away) = (unit(), unit());
            let point = rotation.transpose() * (in_camera - translation);
            let pose = Pose { rotation, translation };
            // from a thousandth to behind the camera
            let said = point + away * 10.0_f64.powf(-3.0 + 4.0 * f64::from(case % 40) / 40.0);
            let said = said.as_vec3().as_dvec3();
            let (near, clamp) = ([0.0, 0.05, 0.5][case as usize % 3], [1.0, 0.1, 0.01][case as usize / 3 % 3]);
            let mut known = KnownPoints::default();
            known.push(point, &pose);
            let rows = TensorData::new(said.as_vec3().to_array().to_vec(), [1, 3]);
            let tensor = Tensor::<2>::from_data(rows, &device).require_grad();
            let loss = known.loss(tensor.clone(), near, clamp, &device);
            let value = f64::from(loss.clone().into_scalar::<f32>());
            let (truth, on_edge) = expected(said, point, &pose, near, clamp);
            if on_edge {
                continue;
            }
            assert!((value - truth).abs() < 2e-3 * truth + 1e-6, "{case}: {value} {truth}");
            let distance = said.distance(point) / in_camera.z;
            kinds[usize::from(distance < near) + usize::from(truth > 0.95 * clamp)] += 1;
            let gradient = tensor.grad(&loss.backward()).map_or_else(Vec::new, |gradient| read(gradient).unwrap());
            let step = 1e-6;
            let central: Vec<f64> = [DVec3::X, DVec3::Y, DVec3::Z]
                .map(|axis| {
                    let at = |sign: f64| expected(said + axis * step * sign, point, &pose, near, clamp).0;
                    (at(1.0) - at(-1.0)) / (2.0 * step)
                })
                .to_vec();
            let size = central.iter().map(|x| x * x).sum::<f64>().sqrt();
            for (found, expected) in gradient.iter().zip(&central) {
                // the tangent of single precision is flat where tanh is 1 to its last place
                assert!((f64::from(*found) - expected).abs() < 0.02 * size + 1e-4, "{case}: {gradient:?} {central:?}");
            }
            compared += 1;
        }
        assert!(compared > 1000 && kinds.iter().all(|count| *count > 50), "{compared} {kinds:?}");
    }

    #[test]
    fn what_is_exact_behind_the_camera_or_far_off_has_a_loss_and_a_gradient_that_are_numbers() {
        let device = Device::flex().autodiff();
        let mut known = KnownPoints::default();
        let said = [[0.0, 0.0, 2.0], [0.0, 0.0, -2.0], [0.0, 0.0, 0.0], [1e18, -1e18, 1e18], [0.1, 0.0, 2.0]];
        said.iter().for_each(|_| known.push(DVec3::Z * 2.0, &Pose::IDENTITY));
        let rows = TensorData::new(said.as_flattened().to_vec(), [said.len(), 3]);
        let tensor = Tensor::<2>::from_data(rows, &device).require_grad();
        let loss = known.loss(tensor.clone(), 3.0, 0.1, &device);
        assert!(loss.clone().into_scalar::<f32>().is_finite());
        let gradient = read(tensor.grad(&loss.backward()).unwrap()).unwrap();
        assert!(gradient.iter().all(|x| x.is_finite()), "{gradient:?}");
    }
}
