use super::SweepView;
use crate::Result;
use crate::geometry::{Camera, CellGrid, Intrinsics, Pose};
use crate::localise::grey_image::bilinear;
use glam::{DVec2, DVec3};

/// A photograph without distortion.
pub(super) struct View {
    pub(super) size_px: [usize; 2],
    /// Row-major.
    pub(super) values: Vec<f32>,
    pub(super) camera: Camera,
    pub(super) pose: Pose,
    pub(super) centre: DVec3,
    pub(super) grid: CellGrid,
    /// Through the centres of the cells, with z of 1; `None` where the camera has none.
    pub(super) rays: Vec<Option<DVec3>>,
}

impl View {
    pub(super) fn new(from: &SweepView) -> Result<Self> {
        let camera = from.camera.pinhole();
        camera.check("the camera of a photograph")?;
        let grid = CellGrid::new(from.image.size_px);
        let rays = grid.centres_px().map(|centre| Some(from.camera.undistort(centre)?.extend(1.0)));
        let (pose, rays) = (from.camera_from_world, rays.collect());
        let size_px = from.image.size_px.map(|side| side as usize);
        Ok(Self {
            size_px,
            values: undistorted(from, &camera),
            camera,
            pose,
            centre: pose.inverse().translation,
            grid,
            rays,
        })
    }

    /// Along the camera's axis, in the world.
    pub(super) fn axis(&self) -> DVec3 {
        self.pose.rotation.transpose().z_axis
    }

    /// Where a point of the camera's frame is seen.
    pub(super) fn pixel(&self, point: DVec3) -> DVec2 {
        self.camera.project(point.truncate() / point.z)
    }

    /// Whether a pixel is in the image.
    pub(super) fn shows(&self, pixel: DVec2) -> bool {
        let [width, height] = self.size_px.map(|side| side as f64);
        pixel.cmpge(DVec2::ZERO).all() && pixel.x <= width - 1.0 && pixel.y <= height - 1.0
    }

    /// Focal length, pixels.
    pub(super) fn focal_px(&self) -> f64 {
        self.camera.focal_px.element_sum() / 2.0
    }
}

/// What the pinhole camera would have seen.
fn undistorted(from: &SweepView, camera: &Camera) -> Vec<f32> {
    if matches!(from.camera, Intrinsics::Pinhole(_)) {
        return from.image.values.clone();
    }
    let [width, height] = from.image.size_px.map(|side| side as usize);
    let value = |index: usize| {
        let pixel = DVec2::new((index % width) as f64, (index / width) as f64);
        let seen = from.camera.project(camera.normalize(pixel));
        seen.map_or(0.0, |seen| bilinear(&from.image.values, [width, height], seen.x as f32, seen.y as f32))
    };
    (0..width * height).map(value).collect()
}
