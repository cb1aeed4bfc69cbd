use crate::Result;
use crate::cpu::search::normalize_matches::rows_of_pose;
use crate::geometry::{CellGrid, Intrinsics, Pose};
use crate::localise::{GreyImage, MapLayout, SceneMap};
use crate::train::scene::SceneNetwork;
use crate::train::scene::network::SceneInput;
use burn::tensor::{Device, Int, Tensor, TensorData};
use glam::{DVec2, DVec3};

/// A photograph whose pose is known, as the network of a map takes it.
#[derive(Clone, Debug)]
pub struct View {
    input: Input,
    pub(super) grid: CellGrid,
    /// Cells that a ray is seen at.
    seen: Vec<usize>,
    /// Normalised points at the centres of these cells.
    pub(super) rays: Vec<[f32; 2]>,
    pub(super) camera_from_world: Pose,
    pub(super) focal_px: DVec2,
}

#[derive(Clone, Debug)]
enum Input {
    /// Cell × columns.
    Descriptors(Vec<f32>),
    Image(GreyImage),
}

impl View {
    /// Of an image at the map's height, with the camera at this size.
    pub fn new(map: &SceneMap, image: &GreyImage, camera: &Intrinsics, camera_from_world: Pose) -> Self {
        let input = match map.config().layout {
            MapLayout::DsacStar { .. } => Input::Image(image.clone()),
            MapLayout::Memory { .. } | MapLayout::Head { .. } => Input::Descriptors(map.encoder().describe(image).1),
        };
        let grid = CellGrid::new(image.size_px);
        let rays = grid.centres_px().enumerate();
        let rays = rays.filter_map(|(cell, centre)| Some((cell, camera.undistort(centre)?.as_vec2().to_array())));
        let (seen, rays) = rays.unzip();
        Self { input, grid, seen, rays, camera_from_world, focal_px: camera.pinhole().focal_px }
    }

    /// The image, where the network takes it as it is.
    pub(super) const fn image(&self) -> Option<&GreyImage> {
        match &self.input {
            Input::Image(image) => Some(image),
            Input::Descriptors(_) => None,
        }
    }

    /// What the network says of the cells that a ray is seen at: points from the map's origin with their spreads, \[seen, 4\].
    pub(super) fn recalled(&self, network: &SceneNetwork, device: &Device) -> Result<Tensor<2>> {
        let input = match &self.input {
            Input::Image(image) => image_input(image, device),
            Input::Descriptors(values) => {
                let shape = [self.grid.len(), values.len() / self.grid.len().max(1)];
                SceneInput::Descriptors(Tensor::from_data(TensorData::new(values.clone(), shape), device))
            }
        };
        let all = network.forward(input)?;
        if self.seen.len() == self.grid.len() {
            return Ok(all);
        }
        Ok(all.select(0, indices(&self.seen, device)))
    }

    /// The pose from points that are given from an origin.
    pub(super) fn camera_from_origin(&self, origin: DVec3) -> Pose {
        camera_from_origin(&self.camera_from_world, origin)
    }
}

/// An image as networks take it.
pub(super) fn image_input(image: &GreyImage, device: &Device) -> SceneInput {
    let [width, height] = image.size_px.map(|side| side as usize);
    SceneInput::Image(Tensor::from_data(TensorData::new(image.values.clone(), [1, 1, height, width]), device))
}

/// Rows to select.
pub(super) fn indices(rows: &[usize], device: &Device) -> Tensor<1, Int> {
    let rows: Vec<i32> = rows.iter().map(|&row| row as i32).collect();
    let count = rows.len();
    Tensor::from_data(TensorData::new(rows, [count]), device)
}

/// The pose from points that are given from an origin.
pub(super) fn camera_from_origin(camera_from_world: &Pose, origin: DVec3) -> Pose {
    Pose { translation: camera_from_world.transform(origin), ..*camera_from_world }
}

/// A pose as a row of twelve.
pub(super) fn row_of(pose: &Pose) -> [f32; 12] {
    let rows = rows_of_pose(pose);
    std::array::from_fn(|i| rows[i / 4][i % 4] as f32)
}
