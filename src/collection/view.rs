use crate::geometry::CameraModel;
use glam::DVec2;

/// An image's key points, and the camera that took it.
#[derive(Clone, Debug)]
pub struct View {
    camera: Option<CameraModel>,
    size_px: Option<[u64; 2]>,
    points_px: Vec<DVec2>,
    undistorted_px: Vec<DVec2>,
    scales_px: Option<Vec<f32>>,
    angles_deg: Option<Vec<f32>>,
}

impl View {
    /// The key points of an image of known intrinsics, or without them. Each is undistorted here, once.
    pub fn new(camera: Option<CameraModel>, points_px: Vec<DVec2>) -> Self {
        let undistorted_px = match &camera {
            Some(camera) if !camera.is_undistorted() => {
                let undistort = |&pixel: &DVec2| camera.undistort_px(pixel).unwrap_or(DVec2::NAN);
                points_px.iter().map(undistort).collect()
            }
            _ => Vec::new(),
        };
        let size_px = camera.as_ref().map(|camera| camera.size_px).filter(|size_px| !size_px.contains(&0));
        Self { camera, size_px, points_px, undistorted_px, scales_px: None, angles_deg: None }
    }

    /// With the size of the image, which a camera says by itself where it is not 0.
    pub fn with_size(self, size_px: [u64; 2]) -> Self {
        Self { size_px: Some(size_px), ..self }
    }

    /// With diameters, pixels, and orientations, degrees from x to y, a key point each. Those of a detector that does not measure them, all
    /// alike, say nothing and are left out.
    pub fn with_shapes(self, scales_px: Vec<f32>, angles_deg: Vec<f32>) -> Self {
        let vary = |list: &[f32]| list.iter().any(|value| *value != list[0]);
        let measured = scales_px.len() == self.points_px.len() && angles_deg.len() == self.points_px.len();
        if !(measured && vary(&scales_px) && vary(&angles_deg)) {
            return self;
        }
        Self { scales_px: Some(scales_px), angles_deg: Some(angles_deg), ..self }
    }

    /// Its camera, where the intrinsics are known and to be trusted.
    pub const fn camera(&self) -> Option<&CameraModel> {
        self.camera.as_ref()
    }

    /// Bytes that it takes in memory, about.
    pub(super) fn bytes(&self) -> usize {
        let points = self.points_px.capacity() + self.undistorted_px.capacity();
        let shapes = self.scales_px.as_ref().map_or(0, Vec::capacity) * 2;
        points * size_of::<DVec2>() + shapes * size_of::<f32>()
    }

    /// Width and height of the image, pixels, where they are known.
    pub const fn size_px(&self) -> Option<[u64; 2]> {
        self.size_px
    }

    /// The key points as they were measured.
    pub fn points_px(&self) -> &[DVec2] {
        &self.points_px
    }

    /// The key points as [`CameraModel::pinhole`] sees them, so that distances stay pixels; NaN where there is no such point.
    pub fn undistorted_px(&self) -> &[DVec2] {
        if self.undistorted_px.is_empty() { &self.points_px } else { &self.undistorted_px }
    }

    /// Diameters, pixels.
    pub fn scales_px(&self) -> Option<&[f32]> {
        self.scales_px.as_deref()
    }

    /// Orientations, degrees from x to y.
    pub fn angles_deg(&self) -> Option<&[f32]> {
        self.angles_deg.as_deref()
    }
}

/// Two views and the tentative matches between them.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'a> {
    /// Image 1 and image 2.
    pub views: [&'a View; 2],
    /// Indices of key points in image 1 and 2, a match each.
    pub matches: &'a [[u32; 2]],
    /// SNN ratio of each match.
    pub ratios: Option<&'a [f32]>,
    /// The same seed gives the same answer.
    pub seed: u64,
}
