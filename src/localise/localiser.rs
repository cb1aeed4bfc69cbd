use super::gpu_points::GpuPoints;
use super::regressor::Regressor;
use super::rgbd::rigid_estimator;
use super::{FrameImage, GreyImage, PoseCovariance, SceneMap, quality};
use crate::constants::DOUBTFUL_SHARE;
use crate::cpu::localise::recall_points::{Recalled, sampling_weight};
use crate::geometry::{Camera, CellGrid, Intrinsics, MatchesView};
use crate::ransac::Estimate;
use crate::{Error, Estimator, Model, Options, Outcome, Problem, Result, Sampler, Score};
use glam::{DVec2, DVec3};
use std::sync::{Mutex, PoisonError};

/// Where in the scene an image's cells lie, as a map recalls it.
#[derive(Clone, Debug, PartialEq)]
pub struct ScenePoints {
    /// The cells, of the image at the map's height.
    pub grid: CellGrid,
    /// A point a cell, in the scene's coordinates.
    pub points_world: Vec<DVec3>,
    /// How far apart the points are that the map hesitates between: their standard deviation, in the scene's unit.
    pub spreads: Vec<f64>,
}

/// What came of an image.
#[derive(Clone, Debug, PartialEq)]
pub struct Localisation {
    /// The pose camera_from_world as [`Model::Pose`](crate::Model::Pose), and which cells support it; the mask has an entry a cell.
    pub outcome: Outcome,
    /// What the map recalled.
    pub points: ScenePoints,
    /// Of what the map is sure of, the share of the cells that agrees with the pose, 0..=1; 0 without a pose.
    pub confidence: f64,
    /// The covariance of the pose, where its inliers determine one.
    pub covariance: Option<PoseCovariance>,
}

/// How images are localised.
#[derive(Clone, Debug, PartialEq)]
pub struct LocaliseOptions {
    /// The estimator of the pose; its threshold is in pixels of the image at the map's height.
    pub estimator: Options,
    /// A cell whose spread is this share of the scene's extent is sampled half as often as one that the map is sure of.
    pub doubtful_share: f64,
    /// Inlier threshold of [`Localiser::locate_rgbd`], in the scene's unit.
    pub threshold_3d: f64,
}

impl Default for LocaliseOptions {
    fn default() -> Self {
        let estimator = Options {
            threshold_px: 3.0,
            score: Score::Msac,
            sampler: Sampler::Weights,
            weigh_score: true,
            weigh_refinement: true,
            ..Options::default()
        };
        Self { estimator, doubtful_share: DOUBTFUL_SHARE, threshold_3d: 0.05 }
    }
}

impl LocaliseOptions {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`Error::BadOption`] with the first option outside its range.
    pub fn check(&self) -> Result<()> {
        for (name, value) in [("doubtful_share", self.doubtful_share), ("threshold_3d", self.threshold_3d)] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(Error::BadOption { name, expected: "a number above 0", found: value.to_string() });
            }
        }
        self.estimator.check()
    }
}

/// Localises images in the scene of a map, where its estimator works: on the CPU, or all of it on a GPU.
#[derive(Debug)]
pub struct Localiser {
    map: SceneMap,
    regressor: Regressor,
    estimator: Estimator,
    /// Of poses from points on both sides.
    pub(super) rigid: Estimator,
    /// In the scene's unit.
    doubtful_spread: f64,
    /// The stages on the GPU for images of the size before.
    gpu: Mutex<Option<GpuPoints>>,
}

impl Localiser {
    /// With these options.
    ///
    /// # Errors
    /// [`Error::Weights`] for a map without its encoder; those of [`LocaliseOptions::check`] and [`Estimator::new`].
    pub fn new(map: SceneMap, options: LocaliseOptions) -> Result<Self> {
        options.check()?;
        let rigid = rigid_estimator(&options)?;
        let estimator = Estimator::new(options.estimator)?;
        Self::with_estimators(map, [estimator, rigid], options.doubtful_share)
    }

    /// On the host's own device and queue.
    ///
    /// # Errors
    /// [`Error::Weights`] for a map without its encoder; those of [`LocaliseOptions::check`].
    pub fn from_device(
        device: wgpu::Device,
        queue: wgpu::Queue,
        map: SceneMap,
        options: LocaliseOptions,
    ) -> Result<Self> {
        options.check()?;
        let rigid = rigid_estimator(&options)?;
        let estimator = Estimator::from_device(device, queue, options.estimator)?;
        Self::with_estimators(map, [estimator, rigid], options.doubtful_share)
    }

    fn with_estimators(map: SceneMap, [estimator, rigid]: [Estimator; 2], doubtful_share: f64) -> Result<Self> {
        map.check_encoder()?;
        let regressor = Regressor::new(&map)?;
        let doubtful_spread = doubtful_share * map.config().extent;
        Ok(Self { map, regressor, estimator, rigid, doubtful_spread, gpu: Mutex::default() })
    }

    /// The map.
    pub const fn map(&self) -> &SceneMap {
        &self.map
    }

    /// Where the image's cells lie; an image of another height is brought to the map's first.
    pub fn scene_points(&self, image: &GreyImage) -> ScenePoints {
        let image = image.resized(self.map.working_size_px(image.size_px));
        let grid = CellGrid::new(image.size_px);
        let recalled = self.recall_on_gpu(&image).unwrap_or_else(|| self.regressor.recall(&self.map, &image));
        let origin = DVec3::from_array(self.map.config().origin);
        let point = |recalled: &Recalled| origin + DVec3::from_array(recalled.point.map(f64::from));
        ScenePoints {
            grid,
            points_world: recalled.iter().map(point).collect(),
            spreads: recalled.iter().map(|recalled| f64::from(recalled.spread)).collect(),
        }
    }

    /// Where the estimator has a GPU; `None` where it has none, or it fails.
    fn recall_on_gpu(&self, image: &GreyImage) -> Option<Vec<Recalled>> {
        let context = self.estimator.context()?;
        let mut kept = self.gpu.lock().unwrap_or_else(PoisonError::into_inner);
        let recalled = (|| {
            if kept.as_ref().is_none_or(|points| points.grid().size_px != image.size_px) {
                let values = FrameImage::Values(image.size_px);
                let made = GpuPoints::new(context.clone(), &self.map, &values, self.doubtful_spread);
                *kept = Some(pollster::block_on(made)?);
            }
            kept.as_ref().map_or_else(|| Ok(Vec::new()), |points| points.recall_blocking(&image.values))
        })();
        // what the device refuses, the CPU does
        recalled.inspect_err(|error: &Error| tracing::warn!(%error, "points are recalled on the CPU")).ok()
    }

    /// The pose of the camera that took the image; the camera is that of the image as it is given.
    ///
    /// # Errors
    /// [`Error::BadCamera`](crate::Error::BadCamera) or [`Error::SingularCamera`](crate::Error::SingularCamera); those of
    /// [`Estimator::estimate`].
    pub fn localise(&self, image: &GreyImage, camera: &Intrinsics, seed: u64) -> Result<Localisation> {
        let points = self.scene_points(image);
        let size = |size_px: [u32; 2]| DVec2::new(size_px[0].into(), size_px[1].into());
        let camera = camera.scaled(size(points.grid.size_px) / size(image.size_px))?;
        self.locate(points, &camera, seed)
    }

    /// The pose of the camera, of the image at the map's height, that sees these points at the cells.
    ///
    /// # Errors
    /// Those of [`Estimator::estimate`].
    pub fn locate(&self, points: ScenePoints, camera: &Intrinsics, seed: u64) -> Result<Localisation> {
        let weights = self.weights(&points);
        let outcome = self.pose(&points, &weights, camera, seed)?;
        let (mut confidence, mut covariance) = (0.0, None);
        if let Some(Estimate { model: Model::Pose(pose), inliers, .. }) = &outcome.estimate {
            confidence = quality::agreement(&weights, inliers);
            covariance = quality::covariance(pose, &points, inliers, camera);
        }
        Ok(Localisation { outcome, points, confidence, covariance })
    }

    /// How often each cell is sampled.
    pub(super) fn weights(&self, points: &ScenePoints) -> Vec<f32> {
        let weight = |&spread: &f64| sampling_weight(spread as f32, self.doubtful_spread as f32);
        points.spreads.iter().map(weight).collect()
    }

    /// None where the points do not determine one.
    fn pose(&self, points: &ScenePoints, weights: &[f32], camera: &Intrinsics, seed: u64) -> Result<Outcome> {
        let pinhole: Camera = camera.pinhole();
        // a cell that no ray is seen at takes no part
        let rays: Vec<Option<DVec2>> = points.grid.centres_px().map(|centre| camera.undistort(centre)).collect();
        let seen: Vec<usize> = (0..rays.len()).filter(|&cell| rays[cell].is_some()).collect();
        let points_px: Vec<DVec2> = rays.iter().flatten().map(|&ray| pinhole.project(ray)).collect();
        let points_world: Vec<DVec3> = seen.iter().map(|&cell| points.points_world[cell]).collect();
        let weights: Vec<f32> = seen.iter().map(|&cell| weights[cell]).collect();
        let matches = MatchesView::Pose { points_px: &points_px, points_world: &points_world, camera: pinhole };
        let problem = Problem { weights: Some(&weights), seed, ..Problem::new(matches) };
        let mut outcome = match self.estimator.estimate(&problem) {
            // of an image that is alike all over one place is recalled: there is no pose, as where no sample gives one
            Err(Error::DegenerateMatches { .. } | Error::TooFewMatches { .. }) => Outcome::default(),
            estimated => estimated?,
        };
        if let Some(estimate) = &mut outcome.estimate {
            let mut inliers = vec![false; rays.len()];
            seen.iter().zip(&estimate.inliers).for_each(|(&cell, &inlier)| inliers[cell] = inlier);
            estimate.inliers = inliers;
        }
        Ok(outcome)
    }
}
