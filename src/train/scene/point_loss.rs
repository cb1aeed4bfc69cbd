//! The error of the points that a network says for cells.

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
    pub(super) fn push(&mut self, point: DVec3, camera_from_origin: &[f32; 12]) {
        let row = |k: usize| {
            let [x, y, z, t] = [0, 1, 2, 3].map(|j| f64::from(camera_from_origin[4 * k + j]));
            (DVec3::new(x, y, z).dot(point) + t) as f32
        };
        self.in_camera.extend([row(0), row(1), row(2)]);
        self.points.extend(point.as_vec3().to_array());
        self.poses.extend(camera_from_origin);
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
