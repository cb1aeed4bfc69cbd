use super::picture::{self, Distances};
use crate::constants::CELL_PX;
use crate::data::Intrinsics;
use crate::geometry::CellGrid;
use crate::geometry::Pose;
use crate::{Error, Result};
use glam::{DVec2, DVec3};
use std::f64::consts::FRAC_1_SQRT_2;
use std::path::PathBuf;

/// Depth from this on, metres, is none: the sensors in use measure no farther, and some mark what they do not see by the largest number.
pub const DEPTH_LIMIT_M: f64 = 10.0;
/// What marks no depth, beside 0.
const SATURATED: u16 = u16::MAX;
/// Depths of neighbouring pixels that differ by less than this factor may be of one surface, seen at a slant.
const SAME_SURFACE: f64 = 1.05;

/// A depth image.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Depth {
    pub(super) path: PathBuf,
    /// The depth camera; `None` where it is the colour camera at the size of the depth image.
    pub(super) camera: Option<Intrinsics>,
    /// The size that the camera is of, where that is known.
    pub(super) size_px: Option<[u32; 2]>,
    pub(super) unit_m: f64,
    pub(super) color_from_depth: Pose,
}

/// What a depth pixel is in the colour image.
struct Registered {
    cell: usize,
    /// From the centre of its cell, pixels.
    distance_px: f64,
    z: f64,
}

impl Depth {
    /// The point at the centre of each cell, in the frame of the colour camera, which is that of an image of the grid's size.
    pub(super) fn points(&self, color: &Intrinsics, grid: &CellGrid) -> Result<Vec<Option<DVec3>>> {
        let distances = picture::distances(&self.path)?;
        let [width, height] = distances.size_px;
        if let Some([expected_width, expected_height]) = self.size_px.filter(|&size_px| size_px != distances.size_px) {
            let expected =
                format!("expected the size of the depth camera's images, {expected_width}x{expected_height}");
            return Err(Error::file(&self.path, format!("{expected}, but it is {width}x{height}")));
        }
        let depth = match &self.camera {
            Some(camera) => camera.clone(),
            None => color.scaled(ratio(distances.size_px, grid.size_px))?,
        };
        let registered = self.register(&distances, &depth, color, grid);
        let z = nearest(&registered, grid.len(), same_distance_px(&depth, color));
        let on_ray = |(centre, z): (DVec2, Option<f64>)| Some(color.undistort(centre)?.extend(1.0) * z?);
        Ok(grid.centres_px().zip(z).map(on_ray).collect())
    }

    fn register(
        &self,
        distances: &Distances,
        depth: &Intrinsics,
        color: &Intrinsics,
        grid: &CellGrid,
    ) -> Vec<Registered> {
        let width = distances.size_px[0] as usize;
        let register = |(at, &stored): (usize, &u16)| {
            let z = f64::from(stored) * self.unit_m;
            if stored == 0 || stored == SATURATED || z >= DEPTH_LIMIT_M {
                return None;
            }
            let pixel = DVec2::new((at % width) as f64, (at / width) as f64);
            let point = self.color_from_depth.transform(depth.undistort(pixel)?.extend(1.0) * z);
            let seen = (point.z > 0.0).then(|| color.project(point.truncate() / point.z))??;
            let cell = grid.cell_of(seen)?;
            Some(Registered { cell, distance_px: seen.distance(grid.centre_px(cell)), z: point.z })
        };
        distances.values.iter().enumerate().filter_map(register).collect()
    }
}

/// From one size to another, along each axis.
pub(super) fn ratio(to: [u32; 2], from: [u32; 2]) -> DVec2 {
    DVec2::new(f64::from(to[0]) / f64::from(from[0]), f64::from(to[1]) / f64::from(from[1]))
}

/// A surface that the colour camera sees at a pixel has a depth pixel within this distance: half the diagonal of one, as the colour camera
/// sees it. Which one is nearest does not matter within it, and the surface in front hides those behind it.
fn same_distance_px(depth: &Intrinsics, color: &Intrinsics) -> f64 {
    let spacing_px = color.pinhole().focal_px / depth.pinhole().focal_px;
    (spacing_px.max_element() * FRAC_1_SQRT_2).min(f64::from(CELL_PX) / 2.0)
}

/// The depth of each cell: that of the pixel nearest to its centre, among those at the same distance of the nearest on the surface in front.
fn nearest(registered: &[Registered], cells: usize, same_px: f64) -> Vec<Option<f64>> {
    let mut reach_px = vec![f64::INFINITY; cells];
    for pixel in registered {
        reach_px[pixel.cell] = reach_px[pixel.cell].min(pixel.distance_px.max(same_px));
    }
    let within = || registered.iter().filter(|pixel| pixel.distance_px <= reach_px[pixel.cell]);
    let mut front = vec![f64::INFINITY; cells];
    for pixel in within() {
        front[pixel.cell] = front[pixel.cell].min(pixel.z);
    }
    let mut nearest: Vec<Option<&Registered>> = vec![None; cells];
    for pixel in within().filter(|pixel| pixel.z <= front[pixel.cell] * SAME_SURFACE) {
        let nearest = &mut nearest[pixel.cell];
        if nearest.is_none_or(|nearest| pixel.distance_px < nearest.distance_px) {
            *nearest = Some(pixel);
        }
    }
    nearest.into_iter().map(|nearest| nearest.map(|pixel| pixel.z)).collect()
}
