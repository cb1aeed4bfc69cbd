use crate::geometry::{Intrinsics, Pose};
use crate::localise::{GreyImage, describe};
use glam::DVec2;

/// A photograph whose pose is known, as the end-to-end stage takes it.
#[derive(Clone, Debug)]
pub struct View {
    /// Descriptors of the cells that a ray is seen at, row-major.
    pub(super) descriptors: Vec<f32>,
    /// Normalised points at the centres of these cells.
    pub(super) rays: Vec<[f32; 2]>,
    pub(super) camera_from_world: Pose,
    pub(super) focal_px: DVec2,
}

impl View {
    /// Of an image at the map's height, with the camera at this size.
    pub fn new(image: &GreyImage, camera: &Intrinsics, camera_from_world: Pose) -> Self {
        let (grid, all) = describe(image);
        let columns = all.len() / grid.len().max(1);
        let (mut descriptors, mut rays) = (Vec::with_capacity(all.len()), Vec::with_capacity(grid.len()));
        for (centre, descriptor) in grid.centres_px().zip(all.chunks_exact(columns)) {
            if let Some(ray) = camera.undistort(centre) {
                descriptors.extend_from_slice(descriptor);
                rays.push(ray.as_vec2().to_array());
            }
        }
        Self { descriptors, rays, camera_from_world, focal_px: camera.pinhole().focal_px }
    }

    /// The pose from points that are given from an origin, as a row of twelve.
    pub(super) fn camera_from_origin(&self, origin: glam::DVec3) -> [f32; 12] {
        let Pose { rotation, translation } = self.camera_from_world;
        let translation = translation + rotation * origin;
        let row = |k: usize| {
            let r = rotation.row(k);
            [r.x, r.y, r.z, translation[k]].map(|x| x as f32)
        };
        let rows = [row(0), row(1), row(2)];
        std::array::from_fn(|i| rows[i / 4][i % 4])
    }
}
