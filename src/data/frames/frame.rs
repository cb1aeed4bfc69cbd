use super::depth::{Depth, ratio};
use super::picture;
use crate::data::{Intrinsics, SeenPoint};
use crate::geometry::{CellGrid, Pose};
use crate::localise::GreyImage;
use crate::{Error, Result};
use glam::DVec3;
use std::path::{Path, PathBuf};

/// A photograph, and what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// Its name within the scene.
    pub name: String,
    /// Width and height of the stored image, pixels.
    pub size_px: [u32; 2],
    /// The camera that took it, at this size.
    pub camera: Intrinsics,
    /// The colour camera's pose; `None` where it is not known.
    pub camera_from_world: Option<Pose>,
    /// Points of the scene that are seen in it, of a reconstruction, with the centre of the top-left pixel at (0, 0).
    pub points: Vec<SeenPoint>,
    image: PathBuf,
    depth: Option<Depth>,
}

impl Frame {
    /// The frame of an image file, with no pose yet. Where the camera says no size it is that of the file.
    pub(super) fn new(name: String, image: PathBuf, camera: Intrinsics, size_px: Option<[u32; 2]>) -> Result<Self> {
        if !image.exists() {
            return Err(Error::file(&image, format!("expected the image of frame {name}, but there is no such file")));
        }
        let size_px = size_px.map_or_else(|| picture::size_px(&image), Ok)?;
        Ok(Self { name, size_px, camera, camera_from_world: None, points: Vec::new(), image, depth: None })
    }

    pub(super) fn with_pose(self, camera_from_world: Option<Pose>) -> Self {
        Self { camera_from_world, ..self }
    }

    pub(super) fn with_points(self, points: Vec<SeenPoint>) -> Self {
        Self { points, ..self }
    }

    pub(super) fn with_depth(self, depth: Option<Depth>) -> Self {
        Self { depth, ..self }
    }

    /// The file of the image.
    pub fn image_path(&self) -> &Path {
        &self.image
    }

    /// Whether there is a depth image.
    pub const fn has_depth(&self) -> bool {
        self.depth.is_some()
    }

    /// Reads the image as grey: the luma of Rec. 601, whatever its pixels are. It lies as it is stored; an EXIF orientation is not looked at.
    ///
    /// # Errors
    /// [`Error::File`]: it cannot be read, or its size is not that of the camera's images.
    pub fn image(&self) -> Result<GreyImage> {
        let image = picture::grey(&self.image)?;
        let ([width, height], [expected_width, expected_height]) = (image.size_px, self.size_px);
        if image.size_px != self.size_px {
            let expected = format!("expected the size of the camera's images, {expected_width}x{expected_height}");
            return Err(Error::file(&self.image, format!("{expected}, but it is {width}x{height}")));
        }
        Ok(image)
    }

    /// The camera of the image after it was resized.
    ///
    /// # Errors
    /// [`Error::BadCamera`] or [`Error::SingularCamera`] for a size of 0.
    pub fn camera_at(&self, size_px: [u32; 2]) -> Result<Intrinsics> {
        if size_px == self.size_px { Ok(self.camera.clone()) } else { self.camera.scaled(ratio(size_px, self.size_px)) }
    }

    /// The point that is seen at the centre of each cell, metres in the frame of the colour camera, where there is depth; `None` in all where
    /// the frame has no depth image. The grid may be that of the resized image.
    ///
    /// Depth is registered to the colour image: each depth pixel goes to where the colour camera sees it, and a cell takes the depth z of the
    /// one nearest to its centre; where two surfaces are within half a depth pixel of it, of the one in front. The point lies on the ray of the centre.
    ///
    /// # Errors
    /// [`Error::File`]: the depth image cannot be read, is not one, or is of another size than the depth camera's images.
    pub fn depth_points(&self, grid: &CellGrid) -> Result<Option<Vec<Option<DVec3>>>> {
        let Some(depth) = &self.depth else { return Ok(None) };
        depth.points(&self.camera_at(grid.size_px)?, grid).map(Some)
    }

    /// The points of a reconstruction at the centres of cells, in the frame of the camera; `None` where none is seen in a cell. The
    /// grid may be that of the resized image.
    ///
    /// A cell takes the depth of the point that is seen nearest to its centre, on the centre's ray.
    ///
    /// # Errors
    /// Those of [`Self::camera_at`].
    pub fn seen_points(&self, grid: &CellGrid) -> Result<Vec<Option<DVec3>>> {
        let mut points = vec![None; grid.len()];
        let Some(camera_from_world) = &self.camera_from_world else { return Ok(points) };
        let camera = self.camera_at(grid.size_px)?;
        let scale = ratio(grid.size_px, self.size_px);
        let mut nearest = vec![f64::INFINITY; grid.len()];
        for point in &self.points {
            let pixel = (point.pixel + 0.5) * scale - 0.5;
            let z = camera_from_world.transform(point.world).z;
            let Some(cell) = grid.cell_of(pixel).filter(|_| z > 0.0) else { continue };
            let centre = grid.centre_px(cell);
            let distance = centre.distance(pixel);
            if distance < nearest[cell] {
                nearest[cell] = distance;
                points[cell] = camera.undistort(centre).map(|ray| ray.extend(1.0) * z);
            }
        }
        Ok(points)
    }
}
