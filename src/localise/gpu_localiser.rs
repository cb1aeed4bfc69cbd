use super::gpu_points::GpuPoints;
use super::{FrameImage, LocaliseOptions, SceneMap};
use crate::algebra::svd3::Svd3;
use crate::constants::{NO_MODEL, NOT_FINITE, TOO_FEW};
use crate::cpu::search::normalize_matches::pose_of;
use crate::geometry::{CellGrid, Intrinsics};
use crate::gpu::{Context, TypedBuffer};
use crate::kernels::HostBuffers;
use crate::kernels::layout::{PairInput, PairResult};
use crate::ransac::GpuPipeline;
use crate::{Error, ModelKind, Pose, Result};
use glam::{DVec2, DVec3};

/// Localises images in the scene of a map inside a host's frame: from a texture or a buffer to the camera's pose in a buffer, nothing
/// read back and nothing allocated.
///
/// Say the camera with [`Self::write_frame`], then [`Self::encode`] into any command encoder; [`Self::results`] and
/// [`Self::inlier_mask`] hold the outcome once it was submitted. The pose is the pipeline's, refined in single precision.
#[derive(Debug)]
pub struct GpuLocaliser {
    points: GpuPoints,
    pipeline: GpuPipeline,
    given_px: [u32; 2],
    origin: DVec3,
    threshold: f32,
    /// The camera written last, and at how many cells it sees a ray.
    camera: Option<(Intrinsics, usize)>,
}

/// The pose of one frame, as [`GpuLocaliser`] finds it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FramePose {
    /// camera_from_world, in the scene's coordinates.
    pub pose: Pose,
    /// Its score.
    pub score: f32,
    /// Cells that support it.
    pub inliers: u32,
    /// Hypotheses drawn.
    pub iterations: u32,
}

impl GpuLocaliser {
    /// Compiles the shaders and makes all buffers, for frames of this image.
    ///
    /// # Errors
    /// [`Error::BadImage`] for an image that the map is not made of, or a texture of another kind; [`Error::Weights`] for a map without
    /// its encoder; [`Error::OutOfMemory`] when a buffer would exceed the device's limit; those of [`LocaliseOptions::check`] and [`GpuPipeline::new`].
    pub async fn new(context: Context, map: &SceneMap, image: &FrameImage, options: &LocaliseOptions) -> Result<Self> {
        options.check()?;
        let doubtful_spread = options.doubtful_share * map.config().extent;
        let points = GpuPoints::new(context.clone(), map, image, doubtful_spread).await?;
        let [matches, weights] = [&*points.matches, &*points.weights].map(|buffer| Some(buffer.clone().into()));
        let host = HostBuffers { matches, weights, ..HostBuffers::default() };
        let capacity = [1, points.grid().len() as u32];
        let pipeline = GpuPipeline::new(context, ModelKind::Pose, &options.estimator, capacity, host).await?;
        let origin = DVec3::from_array(map.config().origin);
        let threshold = options.estimator.threshold_px as f32;
        Ok(Self { points, pipeline, given_px: image.size_px(), origin, threshold, camera: None })
    }

    /// [`Self::new`], blocking; not for browsers.
    ///
    /// # Errors
    /// Those of [`Self::new`].
    pub fn new_blocking(
        context: Context,
        map: &SceneMap,
        image: &FrameImage,
        options: &LocaliseOptions,
    ) -> Result<Self> {
        pollster::block_on(Self::new(context, map, image, options))
    }

    /// The cells, of the image at the map's height.
    pub const fn grid(&self) -> &CellGrid {
        self.points.grid()
    }

    /// The image at the map's height: write it for [`FrameImage::Values`]; that of a texture is made here.
    pub const fn grey_values(&self) -> &TypedBuffer<f32> {
        &self.points.grey
    }

    /// A match a cell: the point recalled, from the map's origin, and the undistorted pixel: `X Y Z 0, x y 0 0`.
    pub const fn matches(&self) -> &TypedBuffer<[[f32; 4]; 2]> {
        &self.points.matches
    }

    /// How often each cell is sampled: 1 where the map is sure, 0 where no ray is seen.
    pub const fn weights(&self) -> &TypedBuffer<f32> {
        &self.points.weights
    }

    /// One result: camera_from_world as \[R | t\], the world's coordinates taken from [`MapConfig::origin`](super::MapConfig::origin) on;
    /// [`Self::pose`] has them from 0.
    pub const fn results(&self) -> &TypedBuffer<PairResult> {
        self.pipeline.results()
    }

    /// 1 for each cell that supports the pose, else 0.
    pub const fn inlier_mask(&self) -> &TypedBuffer<u32> {
        self.pipeline.inlier_mask()
    }

    /// Reads another texture of the same size from now on: makes a bind group, but no buffer.
    ///
    /// # Errors
    /// [`Error::BadImage`] for another size or kind.
    pub fn read_from(&mut self, texture: &wgpu::Texture) -> Result<()> {
        let [width, height] = [texture.width(), texture.height()];
        if [width, height] != self.given_px {
            let found = format!("the images before had {}x{}", self.given_px[0], self.given_px[1]);
            return Err(Error::BadImage { width, height, found });
        }
        FrameImage::Texture(texture.clone()).check(self.grid().size_px)?;
        self.points.bind(texture);
        Ok(())
    }

    /// Sets the camera of the next frames, that of the image as it is given, and the seed of their samples; a camera that is the one before
    /// costs nothing.
    ///
    /// # Errors
    /// [`Error::BadCamera`] or [`Error::SingularCamera`].
    pub fn write_frame(&mut self, camera: &Intrinsics, seed: u64) -> Result<()> {
        let size = |size_px: [u32; 2]| DVec2::new(size_px[0].into(), size_px[1].into());
        let scaled = camera.scaled(size(self.grid().size_px) / size(self.given_px))?;
        if self.camera.as_ref().is_none_or(|(before, _)| before != camera) {
            let pixels: Vec<_> = self.grid().centres_px().map(|centre| undistorted(&scaled, centre)).collect();
            self.points.pixels.write(self.points.context(), 0, &pixels);
            self.camera = Some((camera.clone(), pixels.iter().filter(|pixel| pixel[2] > 0.0).count()));
        }
        let pinhole = scaled.pinhole();
        let (focal, centre) = (pinhole.focal_px.as_vec2(), pinhole.principal_point_px.as_vec2());
        self.pipeline.write_pairs(&[PairInput {
            camera1: [1.0, 1.0, 0.0, 0.0],
            camera2: [focal.x, focal.y, centre.x, centre.y],
            skew: [0.0, pinhole.skew_px as f32],
            threshold: self.threshold,
            match_start: 0,
            match_count: self.grid().len() as u32,
            seed_low: seed as u32,
            seed_high: (seed >> 32) as u32,
            enabled: 1,
        }])
    }

    /// Encodes a frame: from the image to the pose.
    pub fn encode(&self, encoder: &mut wgpu::CommandEncoder) {
        self.encode_observed(encoder, |_, _| {});
    }

    /// [`Self::encode`], with a call before each stage that is given the stage's name, and one after the last that is given `end`: for
    /// timestamps.
    pub fn encode_observed(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        mut before: impl FnMut(&mut wgpu::ComputePass<'_>, &'static str),
    ) {
        self.points.encode(encoder, &mut before);
        self.pipeline.encode_observed(encoder, before);
    }

    /// Encodes and submits a frame of the image as it is now, and waits for its pose; `None` where there is none. Not for browsers.
    ///
    /// # Errors
    /// [`Error::Device`]; those of [`Self::pose`].
    pub fn localise_blocking(&self) -> Result<Option<FramePose>> {
        let context = self.points.context();
        let mut encoder = context.encoder("localise");
        self.encode(&mut encoder);
        context.queue().submit([encoder.finish()]);
        let results = self.results().read_blocking(context)?;
        results.first().map_or(Ok(None), |result| self.pose(result))
    }

    /// The pose of a result that the host has read back, in the scene's coordinates; `None` where none was found.
    ///
    /// # Errors
    /// [`Error::TooFewMatches`] when too few cells have a ray; [`Error::NotFinite`] when a recalled point overflows;
    /// [`Error::MissingInput`] before the first [`Self::write_frame`].
    pub fn pose(&self, result: &PairResult) -> Result<Option<FramePose>> {
        let Some(&(_, found)) = self.camera.as_ref() else {
            return Err(Error::MissingInput { option: "localisation", missing: "a camera: write_frame" });
        };
        match result.status {
            0 => {}
            status if status & NO_MODEL != 0 => return Ok(None),
            status if status & NOT_FINITE != 0 => {
                return Err(Error::NotFinite { what: "a recalled point", index: 0, value: f64::NAN });
            }
            status if status & TOO_FEW != 0 => {
                return Err(Error::TooFewMatches {
                    model: ModelKind::Pose.name(),
                    needed: ModelKind::Pose.sample_size(),
                    found,
                });
            }
            _ => return Err(Error::Device("the camera or the threshold is out of the range of f32".to_owned())),
        }
        let Pose { rotation, translation } = pose_of(&result.rows.map(|row| row.map(f64::from)));
        let rotation = Svd3::new(&rotation).closest_rotation();
        let pose = Pose { rotation, translation: translation - rotation * self.origin };
        let PairResult { score, inliers, iterations, .. } = *result;
        Ok(Some(FramePose { pose, score, inliers, iterations }))
    }
}

/// Farther than any pixel that a model may be fitted to.
const UNSEEN_PX: f64 = 1e9;

/// Where a pinhole sees what the camera sees at a pixel, and 1; 0 and far away where it sees no ray.
fn undistorted(camera: &Intrinsics, pixel: DVec2) -> [f32; 4] {
    let seen = camera.undistort(pixel).map(|ray| camera.pinhole().project(ray)).filter(|at| at.is_finite());
    let at = seen.unwrap_or(DVec2::splat(UNSEEN_PX)).clamp(DVec2::splat(-UNSEEN_PX), DVec2::splat(UNSEEN_PX));
    [at.x as f32, at.y as f32, if seen.is_some() { 1.0 } else { 0.0 }, 0.0]
}
