use super::build::describe;
use super::{GreyImage, SceneMap};
use crate::constants::{DESCRIPTOR_COLUMNS, QUERY_COLUMNS};
use crate::cpu::localise::recall_points::{Memory, Recalled, recall_points};
use crate::cpu::rank::linear_rows::{After, Linear, linear_rows};
use crate::geometry::{Camera, CellGrid, Intrinsics, MatchesView};
use crate::{Error, Estimator, Options, Outcome, Problem, Result, Score};
use glam::{DVec2, DVec3};

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
}

/// How images are localised.
#[derive(Clone, Debug, PartialEq)]
pub struct LocaliseOptions {
    /// The estimator of the pose; its threshold is in pixels of the image at the map's height.
    pub estimator: Options,
    /// A cell whose spread is this large, in the scene's unit, is sampled half as often as one that the map is sure of.
    pub doubtful_spread: f64,
}

impl Default for LocaliseOptions {
    fn default() -> Self {
        let estimator =
            Options { threshold_px: 4.0, score: Score::Msac, sampler: crate::Sampler::Weights, ..Options::default() };
        Self { estimator, doubtful_spread: 0.1 }
    }
}

/// Localises images in the scene of a map.
#[derive(Debug)]
pub struct Localiser {
    map: SceneMap,
    projection: Linear,
    memory: Memory,
    estimator: Estimator,
    doubtful_spread: f64,
}

impl Localiser {
    /// With these options.
    ///
    /// # Errors
    /// Those of [`Estimator::new`].
    pub fn new(map: SceneMap, options: LocaliseOptions) -> Result<Self> {
        let projection = Linear::new(map.values("projection.weight"), map.values("projection.bias"));
        let memory = Memory::new(map.values("keys"), map.values("key_biases"), map.values("points"));
        let LocaliseOptions { estimator, doubtful_spread } = options;
        Ok(Self { map, projection, memory, estimator: Estimator::new(estimator)?, doubtful_spread })
    }

    /// The map.
    pub const fn map(&self) -> &SceneMap {
        &self.map
    }

    /// Where the image's cells lie; an image of another height is brought to the map's first.
    pub fn scene_points(&self, image: &GreyImage) -> ScenePoints {
        let image = image.resized(self.map.working_size_px(image.size_px));
        let (grid, descriptors) = describe(&image);
        let mut queries = vec![0.0; grid.len() * QUERY_COLUMNS as usize];
        debug_assert_eq!(descriptors.len(), grid.len() * DESCRIPTOR_COLUMNS as usize);
        linear_rows(&descriptors, &self.projection, After::Nothing, &mut queries);
        let recalled = recall_points(&queries, &self.memory);
        let origin = DVec3::from_array(self.map.config().origin);
        let point = |recalled: &Recalled| origin + DVec3::from_array(recalled.point.map(f64::from));
        ScenePoints {
            grid,
            points_world: recalled.iter().map(point).collect(),
            spreads: recalled.iter().map(|recalled| f64::from(recalled.spread)).collect(),
        }
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
        let outcome = self.pose(&points, &camera, seed)?;
        Ok(Localisation { outcome, points })
    }

    /// The pose of the camera, of the image at the map's height, that sees these points at the cells; none where they do not determine one.
    ///
    /// # Errors
    /// Those of [`Estimator::estimate`].
    pub fn pose(&self, points: &ScenePoints, camera: &Intrinsics, seed: u64) -> Result<Outcome> {
        let pinhole: Camera = camera.pinhole();
        // a cell that no ray is seen at takes no part
        let rays: Vec<Option<DVec2>> = points.grid.centres_px().map(|centre| camera.undistort(centre)).collect();
        let seen: Vec<usize> = (0..rays.len()).filter(|&cell| rays[cell].is_some()).collect();
        let points_px: Vec<DVec2> = rays.iter().flatten().map(|&ray| pinhole.project(ray)).collect();
        let points_world: Vec<DVec3> = seen.iter().map(|&cell| points.points_world[cell]).collect();
        let weight = |&cell: &usize| (1.0 / (1.0 + (points.spreads[cell] / self.doubtful_spread).powi(2))) as f32;
        let weights: Vec<f32> = seen.iter().map(weight).collect();
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
